"""Pictures nobody wants: their markers go, so that no later batch gets them for the same row."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Self

from results.earlier import marker_under
from schemas import layout
from schemas.job import Job, content_key
from schemas.result import JobResult
from storage import Storage

LOOKS_AT_ONCE = 16
"""Each is a way to the storage and back."""


class Unwanted(NamedTuple):
    """A row none of whose pictures anybody wants."""

    orders: tuple[str, ...]
    """Content keys under which its pictures may be found."""
    pictures: frozenset[str]
    """Where they lie."""

    @classmethod
    def of(cls, job: Job, result: JobResult) -> Self:
        """The job is the one that came to the result."""
        orders = job.earlier.order, content_key(job), content_key(job.as_drawn(result))
        pictures = frozenset(image.key for image in result.images)
        return cls(tuple(dict.fromkeys(filter(None, orders))), pictures)


def forget(rows: Sequence[Unwanted], storage: Storage) -> None:
    """Remove their markers; one that names other pictures by now stays. Raises StorageError."""
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="forgetting") as pool:
        list(pool.map(lambda row: _forget(row, storage), rows))


def _forget(row: Unwanted, storage: Storage) -> None:
    for order in row.orders:
        marker = marker_under(order, storage)
        if marker and {image.key for image in marker.result.images} <= row.pictures:
            storage.delete(layout.marker_key(order))
