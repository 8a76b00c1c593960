"""The one place in tests that sleeps: wait for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(predicate: Callable[[], bool], timeout_s: float = 10.0, what: str = "it") -> None:
    """Return once `predicate` holds; fail naming `what` when it has not after `timeout_s`."""
    deadline_s = time.monotonic() + timeout_s
    while not predicate():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(0.01)
