"""When a lane's orders left: what the slots after them keep their distance from."""

from __future__ import annotations

from ledger.keys import LaneKeys
from ledger.scripts import Call

SHIFT_S = 0.1
"""A marked order waits at most so long for a slot that has moved; else it is marked again then."""


def note_departure(lane: str, order: str, left_at_s: float) -> Call:
    """An order left later than its mark said."""
    return Call("note_departure", [LaneKeys(lane).departures], [order, int(left_at_s * 1e6)])
