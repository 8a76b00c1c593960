"""Batches: announced, started, finished, and counted."""

from __future__ import annotations

import pytest

from ledger.keys import BATCH_AGENDA, batch_record
from ledger.opening import Ledger
from schemas.states import BatchState, JobState
from tests.ledger.scene import Scene
from tests.waiting import wait_until


def test_a_batch_goes_from_opening_to_finished(scene: Scene) -> None:
    batches = scene.ledger.batches
    assert batches.state("night") is None
    assert batches.open(scene.document(2), 1000) is BatchState.OPENING
    assert batches.open(scene.document(2), 2000) is BatchState.OPENING
    batches.start("night")
    assert batches.open(scene.document(2), 3000) is BatchState.RUNNING
    assert batches.due(again_s=60) == ["night"]
    assert batches.due(again_s=60) == []
    batches.finish("night", "2026-11-21T05:00:00Z")
    assert batches.state("night") is BatchState.FINISHED
    assert scene.ledger.client.zscore(BATCH_AGENDA, "night") is None


def test_the_first_document_counts(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    scene.ledger.batches.open(scene.document(7), 2000)
    assert scene.ledger.batches.document("night") == scene.document(2)
    assert scene.ledger.batches.document("day") is None


def test_an_opening_batch_is_not_looked_at(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    assert scene.ledger.batches.due(again_s=60) == []


def test_a_later_look_comes_later_and_a_sooner_one_wins(ledger: Ledger) -> None:
    ledger.batches.look_at("night", delay_s=3600)
    assert ledger.batches.due(again_s=60) == []
    ledger.batches.look_at("night", delay_s=0.02)
    wait_until(lambda: ledger.batches.due(again_s=60) == ["night"], what="the look")


def test_no_more_batches_than_asked_for(ledger: Ledger) -> None:
    for name in ("a", "b", "c"):
        ledger.batches.look_at(name)
    assert len(ledger.batches.due(again_s=60, limit=2)) == 2
    assert len(ledger.batches.due(again_s=60, limit=2)) == 1


def test_batches_are_listed_newest_first(ledger: Ledger) -> None:
    for name, created_ms in (("a", 1000), ("c", 3000), ("b", 2000)):
        ledger.batches.open(Scene(ledger, batch=name).document(1), created_ms)
    assert ledger.batches.names() == ["c", "b", "a"]


def test_the_status_of_nothing_is_none(ledger: Ledger) -> None:
    assert ledger.batches.status("night") is None
    ledger.client.hset(batch_record("night"), "state", "opening")
    assert ledger.batches.status("night") is None  # its submit died before the document


def test_jobs_not_handed_in_yet_are_pending(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(5), 1000)
    status = scene.ledger.batches.status("night")
    assert status is not None
    assert (status.total, status.pending, status.state) == (5, 5, "opening")
    assert status.started_at == scene.document(5).created_at


@pytest.mark.parametrize("state", list(JobState))
def test_the_status_counts_every_state_and_adds_up(scene: Scene, state: JobState) -> None:
    scene.ledger.batches.open(scene.document(3), 1000)
    first, *_ = scene.released(3)
    scene.ledger.batches.start("night")
    scene.bring(first, state)
    status = scene.ledger.batches.status("night")
    assert status is not None
    counts = {each: getattr(status, each) for each in JobState}
    assert counts[state] == (3 if state is JobState.RELEASED else 1)
    assert sum(counts.values()) == status.total == 3
    assert status.ended + status.in_play + status.pending == 3


def test_costs_of_several_currencies_are_never_added_up(scene: Scene) -> None:
    other = "stability:ultra@default"
    document = scene.document(1).model_copy(
        update={
            "total": 2,
            "lanes": {scene.lane: 1, other: 1},
            "currencies": {scene.lane: "CNY", other: "USD"},
        }
    )
    scene.ledger.batches.open(document, 1000)
    for lane in (scene.lane, other):
        one = Scene(scene.ledger, lane=lane)
        one.end(one.released(1)[0])
    status = scene.ledger.batches.status("night")
    assert status is not None
    assert (status.currency, status.cost) == (None, "0.00")
    assert status.costs == {"CNY": "0.16", "USD": "0.16"}
    assert (status.succeeded, status.images) == (2, 2)


def test_the_cost_and_the_ending_of_a_batch(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    for claim in scene.released(2):
        scene.end(claim)
    scene.ledger.batches.finish("night", "2026-11-21T05:00:00Z")
    status = scene.ledger.batches.status("night")
    assert status is not None
    assert (status.cost, status.currency, status.images) == ("0.32", "CNY", 2)
    assert (status.state, status.finished_at) == ("finished", "2026-11-21T05:00:00Z")


def test_a_stopped_lane_shows_in_its_batches(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(1), 1000)
    scene.hand_in(1)
    scene.ledger.lanes.stop(scene.lane, "bad key")
    status = scene.ledger.batches.status("night")
    assert status is not None
    assert status.stopped == {scene.lane: "bad key"}
