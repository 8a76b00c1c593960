"""Where the rows of an account that fails go, and which holds a lane that joins a batch needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from schemas.batch import Batch, Hold, LaneCounts

AHEAD_S = 120.0
"""A lane gets more of another's rows when those it has would last it less than this: what is left then
is still there for an account that comes back, or for one that is added."""


class OpenLane(NamedTuple):
    """A lane of the same model whose account is in order."""

    lane: str
    rate_per_s: float
    waiting: int
    """Rows of the batch that wait there."""

    @property
    def lasts_s(self) -> float:
        """Seconds for which those rows last."""
        return self.waiting / self.rate_per_s

    def with_more(self, rows: int) -> OpenLane:
        """The same once it got some rows."""
        return self._replace(waiting=self.waiting + rows)


def next_target(lanes: Sequence[OpenLane]) -> OpenLane | None:
    """The lane that is out of rows first; None: all have enough for now."""
    hungry = [lane for lane in lanes if lane.lasts_s < AHEAD_S]
    return min(hungry, key=lambda lane: (lane.lasts_s, lane.lane), default=None)


class Alike(NamedTuple):
    """A reason that a lane is to be held for, or no longer."""

    lane: str
    reason: Hold
    held: bool


def holds_owed(batch: Batch, counts: Sequence[LaneCounts]) -> list[Alike]:
    """What a person said of the whole batch and a lane does not know, since it joined meanwhile.

    Such a lane brought no rows of its own. A cancel is never taken back.
    """
    owed = []
    for joined in (lane for lane in counts if not batch.lanes[lane.lane]):
        currency = batch.currencies[joined.lane]
        others = [
            lane
            for lane in counts
            if batch.lanes[lane.lane] and batch.currencies[lane.lane] == currency
        ]
        for reason in Hold:
            known, held = reason in joined.holds, [reason in lane.holds for lane in others]
            if not known and held and all(held):
                owed.append(Alike(joined.lane, reason, held=True))
            elif known and not any(held) and reason is not Hold.CANCEL:
                owed.append(Alike(joined.lane, reason, held=False))
    return owed
