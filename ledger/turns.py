"""Turns: how the batches of a lane share its places in the window.

Stride scheduling, begun as start-time fair queueing does. Each batch has a virtual time, and the
batch whose time is the smallest has the next turn; a job released moves its batch's time on by the
batch's stride. A batch that comes, or comes back, begins at the lane's present virtual time, which
is that of the last job released: it neither has to wait for what others had before, nor do they
have to wait until it has caught up. All times are whole numbers.

A batch of which nothing is ready, or that is held, has no turns. What of its backlog is loaded, and
when, is in ask_for_chunks.lua.
"""

from __future__ import annotations

from ledger.keys import LaneKeys
from ledger.scripts import Argument, Call
from schemas.batch import Priority

WEIGHTS = {Priority.HIGH: 64, Priority.NORMAL: 4, Priority.LOW: 1}
"""Shares of a lane. Beside one normal batch an urgent one has 94 % of it, beside ten still 62 %: at
two orders a second it starts at once and is over nearly as soon as if it were alone, while the
normal one has an order every eight seconds and its learned times stay fresh. Low has a fifth beside
a normal batch: it fills the night without holding anybody up."""
SEATS = 8
"""Batches of a priority of which a lane keeps jobs loaded at the same time. More take turns chunk by
chunk: each chunk loaded is up to 500 records, so that a thousand batches would fill the server."""


def stride(priority: Priority) -> int:
    """The virtual time that a job of such a batch takes."""
    return WEIGHTS[Priority.HIGH] // WEIGHTS[priority]


def ask_for_chunks(lane: str, low: int, room: int) -> Call:
    """Ask for chunks of batches that have fewer ready jobs than `low`; no room: of none."""
    keys = LaneKeys(lane)
    args: list[Argument] = [
        keys.waiting_prefix, keys.ready_prefix, keys.backlog_prefix, keys.counts_prefix,
        keys.chunk_prefix, low, SEATS, room, *map(stride, WEIGHTS),
    ]  # fmt: skip
    return Call("ask_for_chunks", [keys.turns, keys.loading, keys.chores], args)


def set_stride(lane: str, batch: str, priority: Priority) -> Call:
    """Give a batch the share of a lane that goes with a priority."""
    keys = LaneKeys(lane)
    names = [keys.counts(batch), keys.tally, keys.turns]
    return Call("set_stride", names, [batch, keys.backlog_prefix, stride(priority)])
