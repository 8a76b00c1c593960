"""How many worker threads a lane's jobs can keep busy, within its limits: as many workers as that help.

Never as many as rows wait: a lane of two orders a second is no faster for a thousand threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

ORDER_S = 4.0
"""What one order takes of a thread: submit, some looks, download and storing, together. On the safe side."""
STORING_MOST = 10
"""Pictures that wait to be stored are caught up with by so many times the threads the rate needs."""


class Wanted(NamedTuple):
    """Threads, by what they do."""

    short: float
    """Submits, looks, downloads."""
    long: float
    """Calls that are answered with the picture: the queue `generate`."""


@dataclass(frozen=True)
class LaneLoad:
    """A lane's work, and how fast it may be done."""

    orders: bool
    """Whether anything may leave: the lane has not stopped, and not all its batches are held."""
    pending: int
    at_provider: int
    storing: int
    rate_per_s: float
    """With what refusals have left of it."""
    window: int
    generation_s: float
    """From order to picture, usually."""
    synchronous: bool
    """Its calls are answered with the picture."""


def threads_wanted(load: LaneLoad) -> Wanted:
    """How many threads have something to do."""
    flow_per_s = min(load.rate_per_s, load.window / max(load.generation_s, 1e-3))
    storing = min(load.storing, STORING_MOST * flow_per_s * ORDER_S)
    waiting = load.pending if load.orders else 0
    if load.synchronous:
        # So many calls are under way where each second's orders take as long as usual.
        at_once = min(load.window, max(math.ceil(load.rate_per_s * load.generation_s), 1))
        room = max(at_once - load.at_provider, 0)
        return Wanted(storing, load.at_provider + min(waiting, room))
    return Wanted(storing + min(flow_per_s, waiting) * ORDER_S, 0.0)
