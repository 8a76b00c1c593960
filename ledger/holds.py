"""Holds: reasons for which nothing of a batch is ordered in a lane."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.keys import LaneKeys
from ledger.scripts import Call
from schemas.batch import Hold


def hold(lane: str, batch: str, reason: Hold) -> Call:
    """Order nothing more of a batch."""
    keys = LaneKeys(lane)
    names = [keys.holds, keys.turns, keys.counts(batch), keys.agenda]
    return Call("hold_batch", names, [reason, batch, keys.backlog_prefix, keys.job_prefix])


def unhold(lane: str, batch: str, reason: Hold, first: Iterable[str] = ()) -> Call:
    """Take a reason back; without any, the batch has its turns again, jobs of `first` first."""
    keys = LaneKeys(lane)
    names = [
        keys.holds, keys.ready(batch), keys.waiting(batch), keys.turns, keys.tally,
        keys.counts(batch),
    ]  # fmt: skip
    return Call("unhold_batch", names, [reason, batch, keys.backlog_prefix, *first])


def forget(lane: str, batch: str) -> Call:
    """Forget all reasons, if the batch has ended in this lane."""
    keys = LaneKeys(lane)
    return Call("forget_holds", [keys.holds, keys.counts(batch)], [batch])
