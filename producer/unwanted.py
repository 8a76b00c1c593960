"""Pictures nobody wants: their markers go, so that no later batch gets them for the same row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Self

from results.earlier import marker_under
from schemas import layout
from schemas.job import Job, content_key
from schemas.result import Image, JobResult
from storage import Storage

LOOKS_AT_ONCE = 16
"""Each is a way to the storage and back."""


class Drawing(NamedTuple):
    """Which picture of a row it is, wherever a file of it lies: each batch may label it its own way."""

    batch: str
    """That drew it."""
    number: int
    """Which of the row's pictures, from 1."""
    revision: int

    @classmethod
    def of(cls, image: Image) -> Self:
        """What a stored picture is a file of."""
        return cls(image.drawn_in, image.index, image.revision)


class Unwanted(NamedTuple):
    """A row none of whose pictures anybody wants."""

    orders: tuple[str, ...]
    """Content keys under which its pictures may be found."""
    pictures: frozenset[Drawing]

    @classmethod
    def of(cls, job: Job, result: JobResult, images: Iterable[Image]) -> Self:
        """The job is the one that came to the result; `images` are the pictures nobody wants."""
        orders = job.earlier.order, content_key(job), content_key(job.as_drawn(result))
        return cls(tuple(dict.fromkeys(filter(None, orders))), frozenset(map(Drawing.of, images)))


def forget(rows: Sequence[Unwanted], storage: Storage) -> None:
    """Remove their markers; one that names other pictures by now stays. Raises StorageError."""
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="forgetting") as pool:
        list(pool.map(lambda row: _forget(row, storage), rows))


def _forget(row: Unwanted, storage: Storage) -> None:
    for order in row.orders:
        marker = marker_under(order, storage)
        if marker and row.pictures.issuperset(map(Drawing.of, marker.result.images)):
            storage.delete(layout.marker_key(order))
