"""How long a lane takes for its orders, and which of its limits decides that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from producer.shares import Spread
from schemas.lane import Lane, LaneLimits
from schemas.model import Model, window_of
from schemas.settings import Settings


class Bound(StrEnum):
    """What a lane waits for most."""

    RATE = "rate"
    """It may order only so often."""
    RUNNING = "running"
    """The provider works on only so many orders at once."""


@dataclass(frozen=True)
class LaneTime:
    """How fast a lane goes."""

    rate_per_s: float
    running: int
    """Orders the provider works on at once."""
    generation_s: float

    @property
    def orders_per_s(self) -> float:
        """Orders a second in the long run, by whichever limit is lower."""
        return min(self.rate_per_s, self.running / max(self.generation_s, 1e-3))

    def takes_s(self, jobs: int) -> float:
        """Seconds from the first order to the last picture, when nobody else orders there."""
        return max(self._by_rate_s(jobs), self._by_running_s(jobs)) if jobs else 0.0

    def bound(self, jobs: int) -> Bound:
        """Which limit decides how long so many orders take."""
        by_rate = self._by_rate_s(jobs) > self._by_running_s(jobs)
        return Bound.RATE if by_rate else Bound.RUNNING

    def _by_rate_s(self, jobs: int) -> float:
        return (jobs - 1) / self.rate_per_s + self.generation_s

    def _by_running_s(self, jobs: int) -> float:
        return math.ceil(jobs / self.running) * self.generation_s


def lane_time(model: Model, limits: LaneLimits, learned_s: float | None) -> LaneTime:
    """The speed of a model's lane; `learned_s` is the median of its last orders, where it has any."""
    running = limits.window if model.synchronous else running_of(limits.window, model.running)
    generation_s = generation_time_s(model.typical_s, learned_s, running / limits.window)
    return LaneTime(limits.rate_per_s, running, generation_s)


def spread_of(settings: Settings) -> Spread:
    """The accounts that share rows, each as fast as its limits let it be."""

    def speed(model: Model, account: str) -> float:
        lane = Lane(model.provider, model.name, account)
        return lane_time(model, settings.limits(lane, model), None).orders_per_s

    return Spread(settings.spread, speed)


def running_of(window: int, known: int) -> int:
    """Orders a provider runs at once: as many as are `known`, or as a larger window tells.

    A window is the provider's running limit and some slack, or less than that limit.
    """
    running = known
    while window_of(running + 1) <= window:
        running += 1
    return min(running, window)


def generation_time_s(typical_s: float, learned_s: float | None, running_share: float) -> float:
    """Seconds a provider works on one order.

    Learned times run from the order to the picture. In a full window the share that is not running
    waits meanwhile, so that they are up to 1 / `running_share` times too long; the catalogue's time
    counts as far as they leave room for it.
    """
    if not learned_s:
        return typical_s
    return min(max(typical_s, learned_s * running_share), learned_s)
