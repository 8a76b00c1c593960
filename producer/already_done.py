"""Finds the rows whose pictures an earlier batch has drawn: they cost nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice

from producer.tally import FIRST_KEPT, AlreadyDone, Tally
from results.earlier import drawn_before
from schemas import layout
from schemas.job import Job
from schemas.marker import MadeBatch
from storage import Storage, StorageError

LOOKS_AT_ONCE = 16
"""Each is a way to the storage and back."""
QUICK_ROWS = 1000
"""So many are looked up in about a second, wherever the storage is."""
_TOGETHER = 500
"""Jobs held in memory at a time; told of when they are done."""


def already_done(
    jobs: Iterable[Job],
    batch: MadeBatch | None,
    tally: Tally,
    storage: Storage,
    looked_up: Callable[[int], None],
) -> AlreadyDone:
    """What of the jobs of a batch is there. `looked_up` is told how many rows were looked for.

    A batch that is None is yet to be made, so that whatever was drawn under its name was another's.
    Raises StorageError.
    """
    if _nothing_was_ever_drawn(storage):
        return AlreadyDone({}, {}, {}, tally.first)
    rows: Counter[str] = Counter()
    images: Counter[str] = Counter()
    costs_micro: Counter[str] = Counter()
    left: dict[str, list[Job]] = {}
    looked = 0
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="looking") as pool:
        for some in _in_parts(jobs):
            for job, is_there in zip(
                some, pool.map(lambda job: _is_there(job, batch, tally, storage), some), strict=True
            ):
                if is_there:
                    rows[job.lane] += 1
                    images[job.lane] += job.n
                    costs_micro[job.lane] += tally.cost_micro(job)
                elif len(left.setdefault(job.lane, [])) < FIRST_KEPT:
                    left[job.lane].append(job)
            looked += len(some)
            looked_up(looked)
    return AlreadyDone(rows, images, costs_micro, _first(left.values()))


def quickly_found(
    jobs: Iterable[Job], batch: MadeBatch | None, tally: Tally, storage: Storage
) -> AlreadyDone | None:
    """The same where that takes a moment only; None where it takes longer, or cannot be known."""
    try:
        if tally.good > QUICK_ROWS and not _nothing_was_ever_drawn(storage):
            return None
        return already_done(jobs, batch, tally, storage, lambda _: None)
    except StorageError:
        return None  # whoever needs it for more than a word meets the fault again


def _nothing_was_ever_drawn(storage: Storage) -> bool:
    return next(storage.list(layout.MARKERS_PREFIX), None) is None


def _first(lanes: Iterable[Sequence[Job]]) -> Sequence[Job]:
    """The first of all lanes' first ones, by line of the manifest."""
    return sorted(chain.from_iterable(lanes), key=lambda job: job.line)[:FIRST_KEPT]


def _is_there(job: Job, batch: MadeBatch | None, tally: Tally, storage: Storage) -> bool:
    """Whether the worker will find it. What draws no picture is asked anew each time."""
    if not tally.model(job.lane).draws:
        return False
    earlier = drawn_before(job, storage)
    return earlier is not None and not (batch and earlier.is_of(batch))


def _in_parts(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    rest = iter(jobs)
    while some := list(islice(rest, _TOGETHER)):
        yield some
