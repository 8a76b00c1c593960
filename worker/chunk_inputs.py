"""The checked jobs of a chunk, as they lie in storage."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator

from schemas import layout
from schemas.batch import ChunkRef
from schemas.job import Job
from storage import Storage

_GZIP_LEVEL = 1


def jobs_of(lane: str, chunk: ChunkRef, storage: Storage) -> Iterator[Job]:
    """Its jobs, in their order. Raises StorageError."""
    data = storage.get(layout.input_chunk(lane, chunk))
    with gzip.open(io.BytesIO(data), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield Job.model_validate_json(line)


def put_jobs(lane: str, chunk: ChunkRef, jobs: Iterable[Job], storage: Storage) -> None:
    """Write a chunk; the same jobs are the same bytes, so that doing it twice is harmless.

    Raises StorageError.
    """
    lines = b"".join(job.document() + b"\n" for job in jobs)
    data = gzip.compress(lines, _GZIP_LEVEL, mtime=0)
    storage.put(layout.input_chunk(lane, chunk), data, "application/gzip")
