"""Finds the rows whose pictures an earlier batch has drawn: they cost nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from producer.tally import AlreadyDone, Tally
from results.earlier import drawn_before
from schemas import layout
from schemas.job import Job
from storage import Storage

LOOKS_AT_ONCE = 16
"""Each is a way to the storage and back."""
_TOGETHER = 500
"""Jobs held in memory at a time; told of when they are done."""


def already_done(
    jobs: Iterable[Job],
    batch: str,
    tally: Tally,
    storage: Storage,
    looked_up: Callable[[int], None],
) -> AlreadyDone:
    """What of the jobs of a batch is there. `looked_up` is told how many rows were looked for.

    Raises StorageError.
    """
    rows: Counter[str] = Counter()
    images: Counter[str] = Counter()
    costs_micro: Counter[str] = Counter()
    looked = 0
    if next(storage.list(layout.MARKERS_PREFIX), None) is None:
        return AlreadyDone(rows, images, costs_micro)  # nothing was ever drawn here
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="looking") as pool:
        for some in _in_parts(jobs):
            for job, is_there in zip(
                some, pool.map(lambda job: _is_there(job, batch, tally, storage), some), strict=True
            ):
                if is_there:
                    rows[job.lane] += 1
                    images[job.lane] += job.n
                    costs_micro[job.lane] += tally.cost_micro(job)
            looked += len(some)
            looked_up(looked)
    return AlreadyDone(rows, images, costs_micro)


def _is_there(job: Job, batch: str, tally: Tally, storage: Storage) -> bool:
    """Whether the worker will find it. What draws no picture is asked anew each time."""
    if not tally.model(job.lane).draws:
        return False
    earlier = drawn_before(job, storage)
    return earlier is not None and earlier.batch != batch


def _in_parts(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    rest = iter(jobs)
    while some := list(islice(rest, _TOGETHER)):
        yield some
