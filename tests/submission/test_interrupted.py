"""A submit that dies at any point whatever is completed by the same command."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ledger.errors import LedgerUnreachable
from ledger.opening import Ledger
from producer.handing_in import NotHandedIn
from producer.submission import Order
from schemas.batch import ChunkRef
from schemas.layout import input_chunk
from tests.steps.storages import StumblingStorage
from tests.steps.watched_ledger import Wire, watched_ledger
from tests.submission.manifests import FLUX, TWO_LANES, WANX, Prepared, jobs_of, prepared
from tests.valkey import Valkey

MOST_POINTS = 60


@pytest.fixture
def ready(tmp_path: Path) -> Prepared:
    return prepared(TWO_LANES, tmp_path / "chunks", Order(name="night"))


def assert_complete(ready: Prepared, ledger: Ledger, storage: StumblingStorage) -> None:
    """The same call completes it: one batch, with every job once."""
    ready.hand_in(ledger, storage)
    assert ledger.batches.names() == ["night"]
    status = ledger.batches.status("night")
    assert status is not None
    assert (status.state, status.total, status.pending) == ("running", 6, 6)
    assert ledger.batches.due(0.0) == ["night"]
    handed_in: Counter[str] = Counter()
    for lane in (WANX, FLUX):
        refs = ledger.client.lrange(f"mill:{{{lane}}}:waiting:night", 0, -1)
        for ref in refs:
            jobs = jobs_of(storage.get(input_chunk(lane, ChunkRef.parse(str(ref)))))
            handed_in.update(job.id for job in jobs)
        assert ledger.lanes.status(lane) is not None
    assert handed_in == Counter(f"SKU-{i}" for i in range(6))
    assert storage.head("batches/night/batch.json") is not None
    assert not ready.hand_in(ledger, storage).fresh


def test_storage_may_die_at_every_write(
    ready: Prepared, ledger: Ledger, storage: StumblingStorage
) -> None:
    points = 0
    for point in range(1, MOST_POINTS):
        ledger.client.flushall()
        storage.written.clear()
        storage.dies_at = point
        try:
            ready.hand_in(ledger, storage)
        except NotHandedIn:
            points += 1
        else:
            break
        finally:
            storage.dies_at = None
        assert ledger.client.keys("*waiting*") == []
        assert_complete(ready, ledger, storage)
    assert points == 3  # a chunk of each lane, and the batch's document


@pytest.mark.parametrize("answer_lost", [False, True], ids=["before", "after"])
def test_the_process_may_die_at_every_call_of_the_ledger(
    valkey: Valkey, ready: Prepared, ledger: Ledger, storage: StumblingStorage, answer_lost: bool
) -> None:
    points = 0
    for point in range(1, MOST_POINTS):
        ledger.client.flushall()
        wire = Wire()
        wire.breaks_at, wire.answer_lost = point, answer_lost
        with watched_ledger(valkey.port, wire) as dying:
            try:
                ready.hand_in(dying, storage)
            except LedgerUnreachable:
                points += 1
            else:
                break
        assert_complete(ready, ledger, storage)
    assert points >= 8, "the calls of a hand-in"


def test_dying_between_two_lanes_hands_neither_in_twice(
    ready: Prepared, ledger: Ledger, storage: StumblingStorage
) -> None:
    ready.hand_in(ledger, storage)
    ledger.client.hset("mill:{batch/night}:record", "state", "opening")
    ledger.client.delete(f"mill:{{{FLUX}}}:waiting:night", f"mill:{{{FLUX}}}:counts:night")
    ledger.client.delete(f"mill:{{{FLUX}}}:tally")
    assert_complete(ready, ledger, storage)
