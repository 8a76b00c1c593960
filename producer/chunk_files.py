"""Checked jobs on their way into storage: gzipped chunks of each lane, first in a local folder."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from producer.pictures_asked import PictureCheck, UrlsOnly
from schemas import layout
from schemas.batch import CHUNK_SIZE, ChunkRef
from schemas.job import Job
from storage.port import Storage

UPLOADS_AT_ONCE = 8
GZIP_LEVEL = 1
"""Speed matters more than the last tenth of size."""
_GZIP_WINDOW = 31
"""zlib's way of asking for a gzip header, with no time in it: the same jobs give the same bytes."""


@dataclass
class _OpenChunk:
    lines: list[bytes] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


class ChunkFiles:
    """Writes jobs lane by lane into files of at most 500, and hands the files to storage."""

    def __init__(
        self, folder: Path, *, round_: int = 1, pictures: PictureCheck | None = None
    ) -> None:
        self._folder = folder
        self.round = round_
        self._pictures = pictures or UrlsOnly()
        self._open: dict[str, _OpenChunk] = {}

    def add(self, job: Job) -> None:
        """Take one more job."""
        self._pictures.need(job)
        chunk = self._open.get(job.lane)
        if chunk is None:
            chunk = self._open[job.lane] = _OpenChunk()
        chunk.lines.append(job.document())
        if len(chunk.lines) == CHUNK_SIZE:
            self._write(job.lane, chunk)

    def close(self) -> None:
        """Write what is left of each lane."""
        for lane, chunk in self._open.items():
            if chunk.lines:
                self._write(lane, chunk)

    @property
    def lanes(self) -> dict[str, int]:
        """Jobs of each lane."""
        return {lane: sum(chunk.sizes) for lane, chunk in self._open.items()}

    def refs(self, batch: str, lane: str) -> list[ChunkRef]:
        """A lane's chunks, under the batch's name."""
        sizes = self._open[lane].sizes
        return [
            ChunkRef(batch=batch, round=self.round, number=i, size=size)
            for i, size in enumerate(sizes, 1)
        ]

    def jobs(self) -> Iterator[Job]:
        """All jobs, once closed, lane by lane."""
        for lane, chunk in self._open.items():
            for number in range(1, len(chunk.sizes) + 1):
                with gzip.open(self._path(lane, number), "rt", encoding="utf-8") as lines:
                    yield from map(Job.model_validate_json, lines)

    def upload_pictures(self, storage: Storage) -> None:
        """Put the local pictures of all jobs into storage, each once. Raises StorageError."""
        self._pictures.upload(storage)

    def upload(self, batch: str, lane: str, storage: Storage) -> None:
        """Put a lane's chunks into storage; doing it twice is harmless. Raises StorageError."""

        def put(ref: ChunkRef) -> None:
            path = self._path(lane, ref.number)
            storage.put_file(layout.input_chunk(lane, ref), path, "application/gzip")

        # Each put waits for a disk or a server, so several at once.
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
            for _ in threads.map(put, self.refs(batch, lane)):
                pass

    def _write(self, lane: str, chunk: _OpenChunk) -> None:
        chunk.sizes.append(len(chunk.lines))
        packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        data = packer.compress(b"\n".join(chunk.lines) + b"\n") + packer.flush()
        path = self._path(lane, len(chunk.sizes))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        chunk.lines.clear()

    def _path(self, lane: str, number: int) -> Path:
        return self._folder / layout.lane_folder(lane) / f"{number:05}.jsonl.gz"
