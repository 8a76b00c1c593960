"""Storage as a worker under test sees it: reads and writes pass labelled points."""

from __future__ import annotations

import re
from typing import Any, cast

from schemas.layout import RESULTS_CSV
from storage import Storage
from tests.faults.points import Point
from tests.faults.tripwire import Tripwire

_CHUNK = re.compile(r"batches/(?P<batch>[^/]+)/(input|results)/[^/]+/(?P<number>\d+)\.jsonl(\.gz)?")


def labelled_storage(storage: Storage, tripwire: Tripwire) -> Storage:
    """The same storage."""
    return cast(Storage, _LabelledStorage(storage, tripwire))


class _LabelledStorage:
    """Passes everything on."""

    def __init__(self, storage: Storage, tripwire: Tripwire) -> None:
        self._storage = storage
        self._tripwire = tripwire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def get(self, key: str) -> bytes:
        self._pass_chunk(Point.CHUNK_UNREAD, key)
        return self._storage.get(key)

    def put(self, key: str, *content: Any, **options: Any) -> None:
        self._pass_chunk(Point.RESULTS_UNWRITTEN, key)
        self._storage.put(key, *content, **options)
        if "/images/" in key and not key.endswith(".json"):
            self._tripwire.pass_job(Point.IMAGE_STORED)

    def put_file(self, key: str, *content: Any) -> None:
        if key.endswith(f"/{RESULTS_CSV}"):  # neither the first table nor the last
            self._tripwire.passes(Point.BETWEEN_TABLES, key.split("/")[1])
        self._storage.put_file(key, *content)

    def _pass_chunk(self, point: Point, key: str) -> None:
        chunk = _CHUNK.fullmatch(key)
        if chunk is not None:
            self._tripwire.passes(point, f"{chunk['batch']}/{chunk['number']}")
