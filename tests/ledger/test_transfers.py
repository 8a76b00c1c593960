"""Rows leave a lane whose account is at fault: whole chunks, and jobs that were never paid for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ledger.lanes import first_claim
from ledger.moves import Move, Moved
from ledger.opening import Ledger
from schemas.batch import TRANSFERRED, ChunkRef, Hold, Priority
from schemas.lane import ACCOUNT_FAULT
from schemas.states import JobState
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import Scene

OTHER = "dashscope:wanx-v1@second"
ARREARS = "Arrearage: pay first"


@pytest.fixture
def other(scene: Scene) -> Scene:
    return Scene(scene.ledger, lane=OTHER)


def stop(scene: Scene) -> None:
    scene.ledger.lanes.stop(scene.lane, ARREARS, fault=ACCOUNT_FAULT)


def carry(scene: Scene) -> ChunkRef | None:
    """One transfer from beginning to end; the chunk it made."""
    transfers = scene.ledger.transfers
    found = transfers.begin(scene.lane, scene.batch, OTHER)
    if found is None:
        return None
    assert transfers.receive(found)
    assert transfers.end(found)
    return found.arrives_as


def pending(scene: Scene) -> int:
    assert scene.states(scene.keys.tally) == scene.states(scene.keys.counts(scene.batch))
    return scene.states(scene.keys.counts(scene.batch))[JobState.PENDING]


def test_chunks_that_wait_go_whole_the_first_first(scene: Scene, other: Scene) -> None:
    scene.hand_in(3, 2, priority=Priority.HIGH)
    stop(scene)
    first, second = carry(scene), carry(scene)
    assert first is not None
    assert second is not None
    assert [first.size, second.size] == [3, 2]
    assert first.number > TRANSFERRED
    assert other.waiting() == [str(first), str(second)]
    assert (scene.waiting(), scene.backlog(), other.backlog()) == ([], [], ["night"])
    assert (pending(scene), pending(other)) == (0, 5)
    assert carry(scene) is None


def test_jobs_nobody_paid_for_leave_a_loaded_chunk_and_the_others_end_there(
    scene: Scene, other: Scene
) -> None:
    chunk = scene.make_ready(4)[0]
    scene.open(window=2)
    paid, back = scene.release()
    scene.bring(paid, JobState.RUNNING)
    assert scene.move(back, Move(JobState.RELEASED, JobState.PENDING, ready=True)) is Moved.YES
    stop(scene)
    arrived = carry(scene)
    assert arrived is not None
    assert arrived.size == 3
    assert (scene.ready(), scene.turns()) == ([], {})
    assert (pending(scene), pending(other)) == (0, 3)
    scene.go(paid, JobState.STORING)
    scene.go(paid, JobState.SUCCEEDED)
    assert f"seal:{chunk}" in scene.chores()
    gone = scene.ledger.transfers.gone(scene.lane, chunk)
    assert gone == set(scene.jobs_of(chunk)) - {paid.job}
    assert scene.ledger.lanes.seal(scene.lane, chunk, [paid.job])
    assert scene.record(back.ref) == {}


def test_what_may_have_been_paid_for_stays(scene: Scene) -> None:
    doubled, pictured, tried = scene.released(3)
    fields: tuple[Mapping[str, str | int], ...]
    fields = ({"doubles": 1}, {"images": '[{"key": "x"}]'}, {})
    for claim, written in zip((doubled, pictured, tried), fields, strict=True):
        scene.go(claim, JobState.SUBMITTING)
        move = Move(JobState.SUBMITTING, JobState.PENDING, delay_s=60, fields=written)
        assert scene.move(claim, move) is Moved.YES
    stop(scene)
    found = scene.ledger.transfers.begin(scene.lane, scene.batch, OTHER)
    assert found is not None
    assert found.jobs == {tried.job: 0}
    assert set(scene.agenda()) == {doubled.ref, pictured.ref}
    assert scene.ledger.transfers.end(found)
    assert carry(scene) is None


def test_attempts_that_came_to_nothing_are_told(scene: Scene) -> None:
    (claim,) = scene.released(1)
    back = Move(JobState.RELEASED, JobState.PENDING, delay_s=60, attempts=1)
    assert scene.move(claim, back) is Moved.YES
    stop(scene)
    found = scene.ledger.transfers.begin(scene.lane, scene.batch, OTHER)
    assert found is not None
    assert found.jobs == {claim.job: 1}


def test_a_late_writer_changes_nothing(scene: Scene) -> None:
    (claim,) = scene.released(1)
    assert scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True)) is Moved.YES
    scene.make_due(claim.ref)
    stop(scene)
    assert scene.ledger.transfers.begin(scene.lane, scene.batch, OTHER) is not None
    assert scene.move(claim, Move(JobState.PENDING, JobState.FAILED)) is Moved.LOST
    assert scene.tick().handouts == []


@pytest.mark.parametrize("reason", ["paused by hand", "ModelNotFound: gone"])
def test_nothing_leaves_a_lane_whose_account_is_in_order(scene: Scene, reason: str) -> None:
    scene.hand_in(2)
    assert carry(scene) is None
    scene.ledger.lanes.stop(scene.lane, reason)
    assert carry(scene) is None


def test_what_is_cancelled_stays_to_be_withdrawn(scene: Scene) -> None:
    scene.hand_in(2)
    stop(scene)
    scene.hold(Hold.CANCEL)
    assert carry(scene) is None


def test_a_lane_that_goes_on_keeps_its_rows(scene: Scene) -> None:
    scene.hand_in(2)
    stop(scene)
    assert scene.ledger.lanes.resume(scene.lane)
    assert carry(scene) is None


def test_one_transfer_at_a_time_which_anybody_ends(scene: Scene, other: Scene) -> None:
    scene.hand_in(3, 2)
    stop(scene)
    transfers = scene.ledger.transfers
    begun = transfers.begin(scene.lane, scene.batch, OTHER)
    assert begun is not None
    assert transfers.begin(scene.lane, scene.batch, "dashscope:wanx-v1@third") == begun
    assert transfers.under_way(scene.lane, scene.batch) == begun
    assert transfers.receive(begun)
    assert not transfers.receive(begun)
    assert transfers.end(begun)
    assert not transfers.end(begun)
    assert not transfers.receive(begun)
    assert transfers.under_way(scene.lane, scene.batch) is None
    assert other.waiting() == [str(begun.arrives_as)]


@pytest.mark.parametrize("reason", Hold)
def test_a_held_batch_gets_no_turns_where_it_arrives(
    scene: Scene, other: Scene, reason: Hold
) -> None:
    scene.hand_in(2)
    stop(scene)
    other.hold(reason)
    assert carry(scene) is not None
    assert other.backlog() == []
    assert other.unhold(reason)
    assert other.backlog() == ["night"]


def test_a_budget_goes_along(scene: Scene) -> None:
    scene.hand_in(2)
    scene.ledger.batches.set_budget(scene.document(2), "CNY", 10**6)
    stop(scene)
    assert carry(scene) is not None
    assert scene.ledger.batches.has_budget(OTHER, scene.batch)


def test_what_comes_back_has_claims_nobody_ever_had(scene: Scene, other: Scene) -> None:
    scene.make_ready(1)
    scene.open()
    (claim,) = scene.release()
    assert scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True)) is Moved.YES
    scene.make_due(claim.ref)
    stop(scene)
    arrived = carry(scene)
    assert arrived is not None
    assert first_claim(arrived) > claim.number
    again = ChunkRef(batch="night", round=2, number=1, size=1)
    assert first_claim(again) > first_claim(arrived) + 10**6


def test_a_lane_joins_a_batch_once(scene: Scene, ledger: Ledger) -> None:
    document = scene.document(2).model_copy(update={"unbound": [scene.lane]})
    ledger.batches.open(document, 1000)
    admitted = ledger.transfers.admit(scene.batch, OTHER, scene.lane)
    assert admitted is not None
    assert admitted.lanes == {scene.lane: 2, OTHER: 0}
    assert admitted.currencies[OTHER] == "CNY"
    assert admitted.unbound == [scene.lane, OTHER]
    assert ledger.transfers.admit(scene.batch, OTHER, scene.lane) == admitted
    assert ledger.batches.document(scene.batch) == admitted
    assert ledger.transfers.admit("nobody", OTHER, scene.lane) is None


def test_while_rows_are_on_their_way_they_count_once(scene: Scene, ledger: Ledger) -> None:
    ledger.batches.open(scene.document(3), 1000)
    scene.hand_in(3)
    ledger.batches.start(scene.batch)
    stop(scene)
    ledger.transfers.admit(scene.batch, OTHER, scene.lane)
    found = ledger.transfers.begin(scene.lane, scene.batch, OTHER)
    assert found is not None
    for receive in (False, True):
        assert not receive or ledger.transfers.receive(found)
        status = ledger.batches.status(scene.batch)
        assert status is not None
        assert (status.total, status.pending) == (3, 3)


def test_whether_rows_are_about_to_go_is_told_of_each_batch(scene: Scene, ledger: Ledger) -> None:
    batches = [
        scene.document(2).model_copy(update={"batch": name, "unbound": [scene.lane]})
        for name in ("night", "day")
    ]

    def leaving() -> list[bool]:
        return [lane.leaving for batch in batches for lane in ledger.batches.counts(batch)]

    for told in (True, False):
        ledger.lanes.stop(scene.lane, ARREARS, fault=ACCOUNT_FAULT, leaving=told)
        assert leaving() == [told, told]
        ledger.lanes.note_leaving(scene.lane, "night", leaving=not told)
        assert leaving() == [not told, told]
    assert ledger.lanes.resume(scene.lane)
    ledger.lanes.stop(scene.lane, "paused by hand")
    assert leaving() == [False, False]


def test_nothing_is_left_of_a_transfer(scene: Scene, other: Scene, ledger: Ledger) -> None:
    scene.make_ready(2)
    stop(scene)
    arrived = carry(scene)
    assert arrived is not None
    (chunk,) = scene.chunks(2)
    assert ledger.lanes.seal(scene.lane, chunk, [])
    other.open()
    (chore,) = other.tick().chores
    assert ledger.lanes.load(OTHER, chore.chunk, [(job, "{}") for job in scene.jobs_of(chunk)])
    for claim in other.release():
        other.end(claim)
    assert ledger.lanes.seal(OTHER, arrived, scene.jobs_of(chunk))
    for there in (scene, other):
        chunks, sealed = ledger.client.hmget(there.keys.counts("night"), "chunks", "sealed")
        assert chunks == sealed == "1"
    assert_nothing_in_motion(ledger)
