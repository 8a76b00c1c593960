"""What a lane and a batch need besides steps: loading chunks, sealing them, closing batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ledger.jobs import Record
from ledger.moves import Claim
from results.report import write_results
from schemas import layout
from schemas.batch import Batch, ChunkRef, Hold, LaneCounts, LaneRound
from schemas.job import Job
from schemas.lane import Lane
from schemas.marker import MadeBatch
from schemas.result import JobResult
from schemas.states import JobState
from worker import figures
from worker.chunk_inputs import jobs_of
from worker.diverting import divert
from worker.held import HeldJob
from worker.paying import look_after, settle_chunk
from worker.renditions import for_this_batch
from worker.reporting import count_withdrawn
from worker.rerolling import reroll
from worker.reusing import drawn_before
from worker.steps import cancel
from worker.telling import expect_end, tell_of_end, tell_of_failures, tell_of_standing
from worker.tools import Tools

NEVER_LOADED = Record(
    state=JobState.PENDING,
    claim=0,
    attempts=0,
    chunk="",
    request="",
    fields={},
    limits=None,
    learned=(),
    now_ms=0,
)
"""What the ledger would say of a job that it never heard of."""


def load(lane: str, chunk: ChunkRef, tools: Tools) -> bool:
    """Read a chunk from storage and make its jobs ready; False when that was done before.

    What was drawn for the very same order in an earlier batch is not ordered, unless the batch is
    to be drawn afresh.
    """
    jobs = list(jobs_of(lane, chunk, tools.storage))
    document = tools.ledger.batches.document(chunk.batch)
    fresh = document is not None and document.fresh
    batch = MadeBatch(chunk.batch, None if document is None else document.created_at)
    reused = [] if fresh else drawn_before(jobs, batch, tools)
    reused = for_this_batch(jobs, reused, chunk.batch, tools)
    requests = [(job.id, job.request_json()) for job in jobs]
    done = tools.ledger.lanes.load(lane, chunk, requests, reused)
    if done:
        tools.metrics.count(figures.JOBS_REUSED, lane, by=len(reused))
    return done


def seal(lane: str, chunk: ChunkRef, tools: Tools) -> bool:
    """Write a finished chunk's results and forget its records; False when that was done before."""
    if not tools.ledger.lanes.in_motion(lane, chunk):
        return tools.ledger.lanes.seal(lane, chunk, [])
    gone = tools.ledger.transfers.gone(lane, chunk)
    jobs = [job for job in jobs_of(lane, chunk, tools.storage) if job.id not in gone]
    refs = [f"{chunk.batch}/{job.id}" for job in jobs]
    documents = tools.ledger.jobs.results(lane, refs)
    results = [
        _result(document).model_copy(update={"row": job.row})
        for job, document in zip(jobs, documents, strict=True)
    ]
    _write(lane, chunk, results, tools)
    settle_chunk(lane, chunk.batch, list(zip(jobs, results, strict=True)), tools)
    tell_of_failures(chunk.batch, results, tools)
    sealed = tools.ledger.lanes.seal(lane, chunk, [job.id for job in jobs])
    tools.ledger.batches.look_at(chunk.batch)
    return sealed


def withdraw(lane: str, chunk: ChunkRef, tools: Tools) -> bool:
    """End a cancelled chunk's jobs that were never loaded; False when that was done before."""
    results = [_withdrawn(lane, chunk, job, tools) for job in jobs_of(lane, chunk, tools.storage)]
    _write(lane, chunk, results, tools)
    ended = LaneRound(
        chunks=[chunk],
        states=Counter(result.state for result in results),
        images=sum(len(result.images) for result in results),
        cost_micro=sum(result.cost_micro for result in results),
    )
    done = tools.ledger.lanes.withdraw(lane, chunk, ended)
    if done:
        count_withdrawn(lane, results, tools.metrics)
    tools.ledger.batches.look_at(chunk.batch)
    return done


class Closable(NamedTuple):
    """A batch whose tables are to be written, and the round that came to its end."""

    batch: Batch
    round: int


def to_close(batch: str, tools: Tools) -> Closable | None:
    """The batch, once all its chunks are sealed and its tables are to be written."""
    document = tools.ledger.batches.document(batch)
    if document is None:
        return None
    tools.ledger.batches.hand_in_round(batch)  # whoever announced it may be gone
    number = tools.ledger.batches.open_round(batch)  # before the counts: they are of this round
    if number is None:
        tools.ledger.batches.tidy(batch, document.lanes)
        return None
    counts = tools.ledger.batches.counts(document)
    tell_of_standing(document, counts, tools)
    if any(lane.chunks == 0 or lane.sealed < lane.chunks for lane in counts):
        for lane in counts:
            if Hold.BUDGET in lane.holds:
                look_after(batch, lane.lane, tools)
        divert(document, counts, tools)
        return None
    if _moved_meanwhile(document, counts, tools):
        tools.ledger.batches.look_at(batch)
        return None
    return Closable(document, number)


def _moved_meanwhile(batch: Batch, counts: Sequence[LaneCounts], tools: Tools) -> bool:
    """Whether rows may have gone to another lane between the readings of two lanes' figures.

    Chunks that came and were sealed only grow in number: where a second reading is like the first,
    there was a moment between them at which all of it was true.
    """
    document = tools.ledger.batches.document(batch.batch)
    if document is None or document.lanes != batch.lanes:
        return True
    again = tools.ledger.batches.counts(document)
    return [(c.chunks, c.sealed) for c in again] != [(c.chunks, c.sealed) for c in counts]


def close(closable: Closable, tools: Tools) -> bool:
    """Write a batch's tables and contact sheet: it is finished; False: a further round has begun."""
    document = closable.batch
    if reroll(document, closable.round, tools):
        return False
    finished_at = tools.clock.now().isoformat(timespec="milliseconds")
    thumbnails = tools.settings.worker.thumbnails
    write_results(tools.storage, document, finished_at=finished_at, thumbnails=thumbnails)
    expect_end(document, tools)
    tools.ledger.batches.finish(document.batch, finished_at, document.lanes, closable.round)
    tell_of_end(document, tools)
    return True


def _write(lane: str, chunk: ChunkRef, results: list[JobResult], tools: Tools) -> None:
    data = "".join(f"{result.model_dump_json()}\n" for result in results).encode()
    tools.storage.put(layout.results_chunk(lane, chunk), data, "application/x-ndjson")


def _withdrawn(lane: str, chunk: ChunkRef, job: Job, tools: Tools) -> JobResult:
    """How a job ends that was never loaded: like one that was, and never ordered."""
    parsed = Lane.parse(lane)
    model = tools.models.find(parsed)
    held = HeldJob(
        claim=Claim(lane, f"{chunk.batch}/{job.id}", 0),
        record=NEVER_LOADED,
        job=job,
        model=model,
        lane=parsed,
        limits=model.limits,
    )
    return cancel(held, tools).result.model_copy(update={"row": job.row})


def _result(document: str | None) -> JobResult:
    if document is None:
        raise ValueError("a chunk whose jobs have all ended has a job without a result")
    return JobResult.model_validate_json(document)
