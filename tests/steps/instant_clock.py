"""A clock that waits for nobody, and dice that always fall alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from schemas.clock import SystemClock

BEGAN = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


class InstantClock(SystemClock):
    """Sleeping moves it on at once, and is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_s: list[float] = []
        self.passed_s = 0.0
        self.suspended_s = 0.0
        """How long the machine slept, which only the calendar knows."""
        self.interrupt_after = -1
        """Sleeps until the process is asked to stop; negative: never."""
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while it sleeps."""

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self.passed_s + self.suspended_s)

    def monotonic_s(self) -> float:
        return self.passed_s

    def sleep(self, wait_s: float) -> None:
        self.slept_s.append(wait_s)
        self.passed_s += wait_s
        self.meanwhile()
        if len(self.slept_s) == self.interrupt_after:
            self.interrupt()


class FixedDice:
    """Falls on the same share of every range."""

    def __init__(self, share: float = 0.5) -> None:
        self.share = share

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.share
