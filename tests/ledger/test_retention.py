"""The ledger forgets finished batches wholly, and no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.keys import BATCHES, LaneKeys, batch_record, notice_keys
from ledger.opening import Ledger
from ledger.retention import KeptBatch
from schemas.batch import Hold
from schemas.states import BatchState
from tests.ledger.scene import BATCH, FINISHED_AT, LANE, Scene

LATER = datetime.fromisoformat(FINISHED_AT) + timedelta(days=1)


def the_batch(ledger: Ledger) -> KeptBatch:
    (found,) = ledger.retention.batches()
    return found


def keys_about(ledger: Ledger, batch: str) -> list[str]:
    """Keys that are named after a batch, and those that have it as a member or field."""
    client = ledger.client
    found = []
    for key in map(str, client.scan_iter("mill:*")):
        kind = str(client.type(key))
        members: list[str] = []
        if kind == "zset":
            members = [str(member) for member in client.zrange(key, 0, -1)]
        elif kind == "hash":
            members = [str(field) for field in client.hkeys(key)]
        elif kind == "set":
            members = [str(member) for member in client.smembers(key)]
        if batch in key or any(batch in member for member in members):
            found.append(key)
    return found


def finished(scene: Scene) -> None:
    """A finished batch that left something of everything."""
    scene.finish_batch()
    document = scene.document(2)
    scene.ledger.batches.set_budget(document, "CNY", 1_000_000)
    scene.ledger.client.hset(notice_keys(BATCH).told, "finished", "evt_1")
    scene.ledger.client.hset(notice_keys(BATCH).untold, "budget", "nobody is named")
    scene.ledger.notices.look_at(BATCH, 3600)
    scene.ledger.client.hset(LaneKeys(LANE).holds, f"{Hold.PAUSE}:{BATCH}", 1)


def test_nothing_is_left_of_a_forgotten_batch(scene: Scene) -> None:
    finished(scene)
    other = Scene(scene.ledger, batch="other")
    other.ledger.batches.open(other.document(1), 2000)
    before = keys_about(scene.ledger, "other")
    assert len(keys_about(scene.ledger, BATCH)) >= 6

    (batch, _) = scene.ledger.retention.batches()
    gone = scene.ledger.retention.forget(batch)

    assert gone is not None
    assert gone >= 4
    assert keys_about(scene.ledger, BATCH) == []
    assert keys_about(scene.ledger, "other") == before
    assert scene.ledger.batches.names() == ["other"]


def test_a_batch_that_runs_again_is_not_forgotten(scene: Scene) -> None:
    scene.finish_batch()
    seen = the_batch(scene.ledger)
    scene.announce_round(2)
    before = keys_about(scene.ledger, BATCH)
    assert scene.ledger.retention.forget(seen) is None
    assert keys_about(scene.ledger, BATCH) == before


def test_a_forgotten_batch_gets_no_further_round(scene: Scene) -> None:
    scene.finish_batch()
    assert scene.ledger.retention.forget(the_batch(scene.ledger)) is not None
    with pytest.raises(AssertionError):
        scene.announce_round(2)


def test_who_dies_half_way_leaves_the_rest_to_the_next(scene: Scene) -> None:
    finished(scene)
    scene.ledger.client.delete(batch_record(BATCH))  # as far as the one script got
    left = the_batch(scene.ledger)
    assert left.state is None
    assert left.is_older_than(LATER)
    scene.ledger.retention.forget(left)
    assert scene.ledger.client.zscore(BATCHES, BATCH) is None
    assert not scene.ledger.client.exists(LaneKeys(LANE).counts(BATCH))


@pytest.mark.parametrize("state", [state for state in BatchState if state != "finished"])
def test_what_is_not_finished_is_never_old(state: BatchState) -> None:
    assert not KeptBatch("night", state, FINISHED_AT).is_older_than(LATER)


def test_a_batch_is_as_old_as_its_end(scene: Scene) -> None:
    scene.finish_batch()
    ended = datetime.fromisoformat(FINISHED_AT)
    batch = the_batch(scene.ledger)
    assert batch.is_older_than(ended + timedelta(seconds=1))
    assert not batch.is_older_than(ended)
    assert KeptBatch("x", BatchState.FINISHED, "2026-11-21T05:00:00").is_older_than(
        datetime(2026, 11, 21, 5, 0, 1, tzinfo=UTC)
    )
