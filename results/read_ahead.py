"""Reads ahead of whoever works, so that a bucket's slow answers come side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

READERS = 8
AHEAD = 16

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


def read_ahead(
    items: Iterable[_Item], read: Callable[[_Item], _Read]
) -> Generator[tuple[_Item, _Read], None, None]:
    """Each item with what `read` makes of it, in order; `AHEAD` of them at most are held.

    To be closed by whoever may stop before the end. Raises what `read` raises, at that item.
    """
    threads = ThreadPoolExecutor(READERS, thread_name_prefix="read-ahead")
    waiting: deque[tuple[_Item, Future[_Read]]] = deque()
    try:
        for item in items:
            waiting.append((item, threads.submit(read, item)))
            if len(waiting) >= AHEAD:
                item_, future = waiting.popleft()
                yield item_, future.result()
        while waiting:
            item_, future = waiting.popleft()
            yield item_, future.result()
    finally:
        threads.shutdown(cancel_futures=True)
