"""What a lane and a batch need besides steps: loading chunks, sealing them, closing batches."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

from results.report import write_results
from schemas import layout
from schemas.batch import ChunkRef
from schemas.job import Job
from schemas.result import JobResult
from worker.tools import Tools


def load(lane: str, chunk: ChunkRef, tools: Tools) -> bool:
    """Read a chunk from storage and make its jobs ready; False when that was done before."""
    jobs = [(job.id, job.request_json()) for job in _jobs(lane, chunk, tools)]
    return tools.ledger.lanes.load(lane, chunk, jobs)


def seal(lane: str, chunk: ChunkRef, tools: Tools) -> bool:
    """Write a finished chunk's results and forget its records; False when that was done before."""
    if not tools.ledger.lanes.in_motion(lane, chunk):
        return tools.ledger.lanes.seal(lane, chunk, [])
    jobs = list(_jobs(lane, chunk, tools))
    refs = [f"{chunk.batch}/{job.id}" for job in jobs]
    documents = tools.ledger.jobs.results(lane, refs)
    lines = [
        _result(document).model_copy(update={"row": job.row}).model_dump_json()
        for job, document in zip(jobs, documents, strict=True)
    ]
    data = ("\n".join(lines) + "\n").encode()
    tools.storage.put(layout.results_chunk(lane, chunk), data, "application/x-ndjson")
    sealed = tools.ledger.lanes.seal(lane, chunk, [job.id for job in jobs])
    tools.ledger.batches.look_at(chunk.batch)
    return sealed


def close(batch: str, tools: Tools) -> bool:
    """Write a batch's tables and contact sheet once all its chunks are sealed.

    False when they are not, or when it was finished before.
    """
    document = tools.ledger.batches.document(batch)
    if document is None:
        return False
    status = tools.ledger.batches.status(batch)
    if status is not None and status.finished_at is not None:
        tools.ledger.batches.finish(batch, status.finished_at)
        return False
    counts = tools.ledger.batches.counts(document)
    if any(lane.chunks == 0 or lane.sealed < lane.chunks for lane in counts):
        return False
    finished_at = tools.clock.now().isoformat(timespec="seconds")
    write_results(tools.storage, document, finished_at=finished_at)
    tools.ledger.batches.finish(batch, finished_at)
    return True


def _result(document: str | None) -> JobResult:
    if document is None:
        raise ValueError("a chunk whose jobs have all ended has a job without a result")
    return JobResult.model_validate_json(document)


def _jobs(lane: str, chunk: ChunkRef, tools: Tools) -> Iterator[Job]:
    data = tools.storage.get(layout.input_chunk(lane, chunk))
    with gzip.open(io.BytesIO(data), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield Job.model_validate_json(line)
