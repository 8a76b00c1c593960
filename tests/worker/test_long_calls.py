"""How many threads long calls may keep, by what a worker takes."""

from __future__ import annotations

import pytest

from schemas import queues
from worker.policy.long_calls import long_threads


@pytest.mark.parametrize(
    ("taken", "threads", "found"),
    [
        (queues.QUEUES, 32, 16),
        (queues.QUEUES, 1, 1),
        (["generate"], 32, 32),
        (["submit", "poll", "store", "chores"], 32, 0),
        (["generate", "chores"], 8, 4),
    ],
)
def test_threads_that_long_calls_may_keep(taken: list[str], threads: int, found: int) -> None:
    assert long_threads(threads, taken) == found
