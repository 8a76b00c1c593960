"""Time and chance, so that whoever needs them takes them as arguments."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never steps back; only differences mean anything."""
        ...

    def sleep(self, wait_s: float) -> None:
        """Wait `wait_s` seconds, or less once `interrupt` was called."""
        ...


class Dice(Protocol):
    """Chance, for jitter."""

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        ...


class SystemClock:
    """The machine's clock; its sleeps end early when the process is asked to stop."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, wait_s: float) -> None:
        """Wait; returns at once after `interrupt`."""
        self._stopping.wait(wait_s)

    def interrupt(self) -> None:
        """End every sleep, now and from now on."""
        self._stopping.set()

    @property
    def interrupted(self) -> bool:
        """Whether the process was asked to stop."""
        return self._stopping.is_set()


class SystemDice:
    """Python's own generator; not for secrets."""

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        return random.uniform(low, high)
