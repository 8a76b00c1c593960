"""Pruning a mill that has worked: what is old goes, what is used stays, and counting changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.opening import Ledger
from producer.prune_choice import Kind
from producer.pruning import InUse, Pruning, Removal
from schemas import layout
from schemas.batch import Batch, Hold
from schemas.batch_file import BatchFile
from schemas.intake import Intake, IntakeEnd, IntakeState
from schemas.schedule import Schedule
from schemas.states import BatchState
from storage import Storage
from tests.steps.instant_clock import BEGAN
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, SECOND, night, rows

_TODAY = datetime.now(UTC)
LATER = max(_TODAY, BEGAN) + timedelta(days=1)
"""Batches end by the mill's own clock, files are as old as they are."""
EARLIER = min(_TODAY, BEGAN) - timedelta(days=1)
ALWAYS = (Kind.RECORDS, Kind.CHUNKS)
INPUT = f"inputs/ab/ab{'0' * 62}.png"
OTHER_INPUT = f"inputs/cd/cd{'0' * 62}.png"


def prune(mill: Mill, *kinds: Kind, before: datetime = LATER, remove: bool = True) -> Removal:
    return Pruning(mill.ledger, mill.storage, before, remove=remove).run((*ALWAYS, *kinds))


def files(storage: Storage) -> set[str]:
    return {stored.key for stored in storage.list("")}


def keys_about(ledger: Ledger, batch: str) -> list[str]:
    return [key for key in map(str, ledger.client.scan_iter("mill:*")) if batch in key]


def test_records_and_chunks_go_and_everything_people_look_at_stays(mill: Mill) -> None:
    night(mill, FIRST, rows("A", "B"))
    before = files(mill.storage)

    removal = prune(mill)

    gone = before - files(mill.storage)
    assert gone
    assert all("/input/" in key or "/results/" in key for key in gone)
    assert removal.batches == [FIRST]
    assert removal.counts[Kind.RECORDS].objects == 1
    assert removal.counts[Kind.CHUNKS].objects == len(gone)
    assert removal.counts[Kind.CHUNKS].size_bytes > 0
    assert keys_about(mill.ledger, FIRST) == []
    assert mill.ledger.batches.names() == []


def test_counting_changes_nothing_and_counts_what_goes(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    kept, seen = files(mill.storage), mill.snapshot()
    counted = prune(mill, Kind.PICTURES, Kind.MARKERS, remove=False)
    assert (files(mill.storage), mill.snapshot()) == (kept, seen)
    assert counted == prune(mill, Kind.PICTURES, Kind.MARKERS)
    assert files(mill.storage) == set()


def test_what_is_young_or_under_way_stays(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    mill.hand_in(rows("B"), batch=SECOND)
    kept = files(mill.storage)
    assert prune(mill, *Kind, before=EARLIER).counts == {}
    assert files(mill.storage) == kept
    mill.ledger.batches.hold(SECOND, mill.ledger.lanes.names(), Hold.PAUSE)

    prune(mill, *Kind)

    assert mill.ledger.batches.names() == [SECOND]
    assert {key.split("/")[1] for key in files(mill.storage)} == {SECOND}
    mill.ledger.batches.unhold(SECOND, mill.ledger.lanes.names(), Hold.PAUSE)
    for _ in range(20):
        mill.let_time_pass()
        mill.turn()
    assert mill.ledger.batches.state(SECOND) is BatchState.FINISHED


def test_pictures_that_a_younger_batch_uses_stay_and_so_do_its_files(mill: Mill) -> None:
    night(mill, FIRST, rows("A", "B"))
    first = {key for key in files(mill.storage) if "/images/" in key}
    (reused,) = night(mill, SECOND, rows("A"))
    assert reused.reused_from == FIRST
    mill.ledger.client.hset(
        f"mill:{{batch/{SECOND}}}:record", "finished_at", (LATER + timedelta(days=1)).isoformat()
    )

    prune(mill, Kind.PICTURES)

    left = {key for key in files(mill.storage) if f"/{FIRST}/" in key}
    assert left
    assert left <= {key for key in first if "/A_" in key} | {
        layout.thumbnail_key(image.key) for image in reused.images
    }
    for image in reused.images:
        assert mill.storage.head(image.key) is not None
        assert mill.storage.head(layout.sidecar_key(image.key)) is not None


def test_pictures_stay_while_somebody_under_way_uses_earlier_ones(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    mill.hand_in(rows("A", "B"), batch=SECOND)
    mill.hand_out()
    kept, seen = files(mill.storage), mill.snapshot()
    with pytest.raises(InUse, match=f"{SECOND} is under way"):
        prune(mill, Kind.PICTURES)
    assert (files(mill.storage), mill.snapshot()) == (kept, seen)


def test_input_pictures_stay_as_long_as_orders_name_them(mill: Mill) -> None:
    for key in (INPUT, OTHER_INPUT):
        mill.storage.put(key, b"picture", "image/png")
    night(mill, FIRST, rows("A", parameters={"ref_img": OTHER_INPUT}))
    mill.hand_in(rows("B", parameters={"ref_img": INPUT}), batch=SECOND)
    prune(mill, Kind.INPUTS)
    assert mill.storage.head(INPUT) is not None
    assert mill.storage.head(OTHER_INPUT) is None


def test_input_pictures_stay_while_a_batch_is_handed_in(mill: Mill) -> None:
    document = night_document(mill)
    mill.ledger.batches.open(document, 1000)
    with pytest.raises(InUse, match="being handed in"):
        prune(mill, Kind.INPUTS)


def night_document(mill: Mill) -> Batch:
    night(mill, FIRST, rows("A"))
    document = mill.ledger.batches.document(FIRST)
    assert document is not None
    return document.model_copy(update={"batch": SECOND})


def test_manifests_stay_as_long_as_somebody_is_to_read_them(mill: Mill) -> None:
    scheduled, uploaded, read, done = (
        layout.manifest_key(letter * 64, "night.csv") for letter in "abcd"
    )
    for key in (scheduled, uploaded, read, done):
        mill.storage.put(key, b"id,prompt", "text/csv")
    schedule = Schedule(
        name="nightly", cron="0 1 * * *", tz="UTC", order=order(scheduled), added_at="2026-02-01"
    )
    mill.ledger.schedules.put(schedule, next_ms=0)
    mill.ledger.intakes.open(Intake(id="order:1", order=order(uploaded), asked_at="2026-02-01"))
    web = Intake(id="order:2", order=order("https://shop.example/n.csv"), asked_at="2026-02-01")
    mill.ledger.intakes.open(web)
    mill.ledger.intakes.note_copy(web.id, read)

    assert prune(mill, Kind.MANIFESTS).counts[Kind.MANIFESTS].objects == 1
    assert files(mill.storage) == {scheduled, uploaded, read}

    ended = IntakeEnd(state=IntakeState.HANDED_IN, ended_at="2026-02-01", batch="shop")
    mill.ledger.intakes.end(web.id, ended)
    mill.ledger.schedules.remove("nightly")
    prune(mill, Kind.MANIFESTS)
    assert files(mill.storage) == {uploaded}


def order(manifest: str) -> BatchFile:
    return BatchFile(manifest=manifest, model="wanx-v1")


def test_without_markers_what_was_drawn_is_drawn_again(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    prune(mill)
    (reused,) = night(mill, SECOND, rows("A"))
    assert reused.reused_from == FIRST, "markers and pictures stay unless they are asked for"
    prune(mill, Kind.MARKERS)
    (anew,) = night(mill, "wednesday", rows("A"))
    assert anew.reused_from is None


def test_a_forgotten_batchs_name_may_be_used_again_and_nothing_is_paid_for_twice(
    mill: Mill,
) -> None:
    night(mill, FIRST, rows("A"))
    prune(mill)
    mill.made_at = LATER.isoformat()
    (again,) = night(mill, FIRST, rows("A"))
    assert again.reused_from == FIRST
    assert len(mill.provider.ordered) == 1


def test_what_was_forgotten_may_lose_its_pictures_later(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    prune(mill)
    assert any("/images/" in key for key in files(mill.storage))
    prune(mill, Kind.PICTURES)
    assert not [key for key in files(mill.storage) if key.startswith("batches/")]
