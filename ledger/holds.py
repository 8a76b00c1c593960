"""Holds: reasons for which nothing of a batch is ordered in a lane."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.keys import LaneKeys
from ledger.scripts import Call
from schemas.batch import Hold


def hold(lane: str, batch: str, reason: Hold) -> Call:
    """Order nothing more of a batch, and take what waits out of the way."""
    keys = LaneKeys(lane)
    jobs, chunks = keys.parked_jobs(batch), keys.parked_chunks(batch)
    names = [keys.holds, keys.ready, keys.waiting, keys.agenda, jobs, chunks]
    return Call("hold_batch", names, [reason, batch, keys.job_prefix])


def unhold(lane: str, batch: str, reason: Hold, first: Iterable[str] = ()) -> Call:
    """Take a reason back; without any, what was parked waits for its turn again, `first` first."""
    keys = LaneKeys(lane)
    jobs, chunks = keys.parked_jobs(batch), keys.parked_chunks(batch)
    names = [keys.holds, keys.ready, keys.waiting, jobs, chunks]
    return Call("unhold_batch", names, [reason, batch, *first])


def forget(lane: str, batch: str) -> Call:
    """Forget all reasons, if the batch has ended in this lane."""
    keys = LaneKeys(lane)
    jobs, chunks = keys.parked_jobs(batch), keys.parked_chunks(batch)
    return Call("forget_holds", [keys.holds, keys.counts(batch), jobs, chunks], [batch])
