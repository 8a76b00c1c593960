"""Rows of an account that fails go to the other accounts of its spread.

Only what was never sent, or came back for nothing, goes: whatever may have been paid for stays where it
was ordered. Rows that named their account stay too. It goes chunk by chunk as the others run low, and
whoever looks at the batch next finishes what somebody began and did not end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from ledger.transfers import Transfer
from schemas.batch import Batch, LaneCounts
from schemas.job import Job
from schemas.lane import Lane
from schemas.states import BatchState, JobState
from worker.chunk_inputs import jobs_of, put_jobs
from worker.paying import give_back
from worker.policy.diverting import OpenLane, holds_owed, next_target
from worker.tools import Tools

log = logging.getLogger(__name__)

_MAY_COME_BACK = (JobState.RELEASED, JobState.SUBMITTING, JobState.RUNNING)
"""States from which a job may yet be one that can go."""


def divert(batch: Batch, counts: Sequence[LaneCounts], tools: Tools) -> None:
    """Send rows on from each of the batch's lanes whose account fails. Raises StorageError."""
    if tools.ledger.batches.state(batch.batch) is not BatchState.RUNNING:
        return  # chunks that are still being handed in are counted by nobody but who does it
    _hold_alike(batch, counts, tools)
    for lane in counts:
        if lane.lane not in batch.unbound:
            continue
        begun = tools.ledger.transfers.under_way(lane.lane, batch.batch)
        if begun is not None:
            _carry(begun, tools)
        if lane.stopped and lane.at_fault:
            _empty(lane, batch, counts, tools)


def _empty(lane: LaneCounts, batch: Batch, counts: Sequence[LaneCounts], tools: Tools) -> None:
    """Hand a lane's rows to others, as many as these can use soon."""
    waiting = {other.lane: other.states[JobState.PENDING] for other in counts}
    lanes = {other.lane: other for other in _open_lanes(lane.lane, waiting, tools)}
    transfers, leaving = tools.ledger.transfers, bool(lanes)
    while (target := next_target(list(lanes.values()))) is not None:
        transfer = transfers.begin(lane.lane, batch.batch, target.lane)
        if transfer is None:
            leaving = transfers.may_follow(lane.lane) or any(lane.states[s] for s in _MAY_COME_BACK)
            break
        _carry(transfer, tools)
        # What somebody else had begun may go elsewhere; the lane it was begun for is asked again.
        reached = lanes.get(transfer.target, target)
        lanes[reached.lane] = reached.with_more(transfer.size)
    if leaving is not lane.leaving:
        tools.ledger.lanes.note_leaving(lane.lane, batch.batch, leaving=leaving)


def _open_lanes(lane: str, waiting: dict[str, int], tools: Tools) -> Iterator[OpenLane]:
    """The lanes of the same model whose accounts share rows with this one's and are in order."""
    parsed = Lane.parse(lane)
    for account in tools.settings.accounts_beside(parsed):
        other = parsed._replace(account=account)
        status = tools.ledger.lanes.status(str(other))
        if status is not None and status.stopped is not None:
            continue
        limits = (
            status.limits if status else tools.settings.limits(other, tools.models.find(parsed))
        )
        yield OpenLane(str(other), limits.rate_per_s, waiting.get(str(other), 0))


def _carry(transfer: Transfer, tools: Tools) -> None:
    """Bring a transfer to its end, wherever it stands: each of these can be done twice."""
    name, ledger = transfer.chunk.batch, tools.ledger
    batch = ledger.transfers.admit(name, transfer.target, transfer.source)
    if batch is None:
        return
    jobs = [
        job
        for job in jobs_of(transfer.source, transfer.chunk, tools.storage)
        if not transfer.jobs or job.id in transfer.jobs
    ]
    moved = [_moved(job, transfer) for job in jobs]
    put_jobs(transfer.target, transfer.arrives_as, moved, tools.storage)
    _open(transfer, batch, tools)
    _hold_alike(batch, ledger.batches.counts(batch), tools)
    received = ledger.transfers.receive(transfer)
    give_back(transfer.source, name, jobs, tools)
    ended = ledger.transfers.end(transfer)
    extra = {"batch": name, "lane": transfer.source, "to": transfer.target, "jobs": transfer.size}
    log.info("rows.diverted", extra={**extra, "received": received, "ended": ended})


def _moved(job: Job, transfer: Transfer) -> Job:
    attempts = job.spent + transfer.jobs.get(job.id, 0)
    return job.model_copy(update={"lane": transfer.target, "spent": attempts})


def _open(transfer: Transfer, batch: Batch, tools: Tools) -> None:
    """A lane that nobody ordered through yet gets its limits."""
    if tools.ledger.lanes.status(transfer.target) is not None:
        return
    lane, said = Lane.parse(transfer.target), batch.unlisted.get(transfer.source)
    limits = tools.settings.limits(lane, tools.models.find(Lane.parse(transfer.source)))
    tools.ledger.lanes.open(transfer.target, limits, unlisted=said)


def _hold_alike(batch: Batch, counts: Sequence[LaneCounts], tools: Tools) -> None:
    for owed in holds_owed(batch, counts):
        if owed.held:
            tools.ledger.batches.hold(batch.batch, [owed.lane], owed.reason)
        else:
            tools.ledger.batches.unhold(batch.batch, [owed.lane], owed.reason)
