"""How many threads of a worker the long calls of synchronous providers may keep."""

from __future__ import annotations

from collections.abc import Collection

from schemas import queues


def long_threads(threads: int, taken: Collection[str]) -> int:
    """Of a worker's threads, by the queues it takes from.

    All of them where it takes nothing else, none where others do that; half where it does everything,
    so that there is always somebody to ask for tasks and to fetch pictures.
    """
    if queues.GENERATE not in taken:
        return 0
    return threads if set(taken) == {queues.GENERATE} else max(threads // 2, 1)
