"""What a job costs the storage: each way there and back is what a bucket's user waits for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ledger.opening import Ledger
from schemas.finishing import Finishing, Gate, Label
from schemas.job import Job
from storage import StoredObject
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, SECOND, night, rows
from tests.steps.storages import StumblingStorage

JOBS = 6
DRAWN = {"put": 4}
"""Picture, thumbnail, sidecar, marker."""
LOOKED_FOR = {"get": 1}
"""The marker, which is not there, when its chunk is loaded."""
POINTED_AT = {"get": 1, "head": 1}
"""The marker, and whether the picture is there still."""
LABELLED_ANEW = {"get": 4, "put": 4}
"""Marker, picture, thumbnail and sidecar, and all four as they are now."""
_OF_JOBS = ("/images/", "/thumbnails/", "done/")


class CountingStorage(StumblingStorage):
    """Counts what concerns single jobs; chunks and tables are counted by nobody."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.trips: Counter[str] = Counter()

    def get(self, key: str) -> bytes:
        self._count("get", key)
        return super().get(key)

    def head(self, key: str) -> StoredObject | None:
        self._count("head", key)
        return super().head(key)

    def _stumble(self, key: str) -> None:
        self._count("put", key)
        super()._stumble(key)

    def _count(self, what: str, key: str) -> None:
        if any(part in key for part in _OF_JOBS):
            self.trips[what] += 1


@pytest.fixture
def mill(ledger: Ledger, tmp_path: Path) -> Mill:
    mill = Mill(ledger, tmp_path)
    mill.storage = CountingStorage(tmp_path / "store")
    mill.configure()
    return mill


def trips(mill: Mill, batch: str, jobs: list[Job], *, fresh: bool = False) -> dict[str, float]:
    """What each of the jobs costs while it is loaded, drawn and stored.

    Whoever writes the contact sheet reads each thumbnail once more, which is the batch's cost.
    """
    assert isinstance(mill.storage, CountingStorage)
    mill.storage.trips.clear()
    night(mill, batch, jobs, fresh=fresh)
    mill.storage.trips["get"] -= len(jobs)
    return {what: count / len(jobs) for what, count in mill.storage.trips.items() if count}


def names() -> list[str]:
    return [f"SKU-{number}" for number in range(JOBS)]


def test_what_is_drawn_is_looked_for_once_and_written_once(mill: Mill) -> None:
    assert trips(mill, FIRST, rows(*names())) == DRAWN | LOOKED_FOR


def test_a_batch_that_is_to_be_fresh_looks_for_nothing(mill: Mill) -> None:
    assert trips(mill, FIRST, rows(*names()), fresh=True) == DRAWN


@pytest.mark.parametrize("gate", [None, Gate()])
def test_what_was_drawn_before_is_pointed_at(mill: Mill, gate: Gate | None) -> None:
    finishing = Finishing(gate=gate)
    night(mill, FIRST, rows(*names(), finishing=finishing))
    assert trips(mill, SECOND, rows(*names(), finishing=finishing)) == POINTED_AT


def test_what_is_labelled_anew_is_read_and_written_once(mill: Mill) -> None:
    night(mill, FIRST, rows(*names()))
    anew = rows(*names(), finishing=Finishing(label=Label.IPTC))
    assert trips(mill, SECOND, anew) == LABELLED_ANEW
