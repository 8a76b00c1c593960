"""Three ways a vendor may count requests per second. Pure: the time is passed in."""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol


class Limiter(Protocol):
    """Says of each request whether it is within the limit."""

    def admit(self, now_s: float) -> bool:
        """Whether a request at `now_s` is let in; only those let in are counted."""


class TokenBucket:
    """Fills at `rate` tokens a second up to max(1, rate); each request takes one."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._capacity = max(1.0, rate)
        self._tokens = self._capacity
        self._filled_at_s = -math.inf

    def admit(self, now_s: float) -> bool:
        """Take a token if there is one."""
        if now_s > self._filled_at_s:
            earned = (now_s - self._filled_at_s) * self._rate
            self._tokens = min(self._capacity, self._tokens + earned)
            self._filled_at_s = now_s
        # A caller who waits exactly 1/rate must not be refused for a rounding error.
        if self._tokens < 1.0 - 1e-6:
            return False
        self._tokens = max(0.0, self._tokens - 1.0)
        return True


class SlidingWindow:
    """Never lets more than `rate` requests into any one second, wherever that second begins."""

    def __init__(self, rate: float) -> None:
        self._limit, self._window_s = whole_window(rate)
        self._admitted: deque[float] = deque()

    def admit(self, now_s: float) -> bool:
        """Count those let in during the last window."""
        while self._admitted and self._admitted[0] <= now_s - self._window_s:
            self._admitted.popleft()
        if len(self._admitted) >= self._limit:
            return False
        self._admitted.append(now_s)
        return True


class FixedWindow:
    """Counts anew in each second of the clock, so twice the rate may pass around a boundary."""

    def __init__(self, rate: float) -> None:
        self._limit, self._window_s = whole_window(rate)
        self._window = -math.inf
        self._count = 0

    def admit(self, now_s: float) -> bool:
        """Count those let in during this window of the clock."""
        window = now_s // self._window_s
        if window > self._window:
            self._window, self._count = window, 0
        if self._count >= self._limit:
            return False
        self._count += 1
        return True


def whole_window(rate: float) -> tuple[int, float]:
    """The limit as (requests, seconds): below one a second, the window grows until it holds one."""
    return (int(rate), 1.0) if rate >= 1 else (1, 1.0 / rate)


def new_limiter(flavour: str, rate: float) -> Limiter:
    """A limiter by the name it has on the command line."""
    flavours: dict[str, type[TokenBucket | SlidingWindow | FixedWindow]] = {
        "token-bucket": TokenBucket,
        "sliding-window": SlidingWindow,
        "fixed-window": FixedWindow,
    }
    return flavours[flavour](rate)
