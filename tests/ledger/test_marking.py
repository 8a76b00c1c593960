"""The mark before a request leaves: only the holder of a job that may leave gets one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.moves import Claim, Moved, mark_call
from schemas.batch import Hold
from schemas.states import OPEN_STATES, JobState
from tests.ledger.scene import Scene
from tests.ledger.worker_moves import MARK


def _refused(scene: Scene, claim: Claim) -> Moved:
    before = scene.snapshot()
    mark = scene.ledger.jobs.mark(claim, MARK)
    assert (mark.at_ms, mark.leaves_s) == (0, 0)
    assert scene.snapshot() == before
    return mark.moved


def test_a_mark_is_written_with_its_time(scene: Scene) -> None:
    (claim,) = scene.released(1)
    before_ms = scene.ledger.fleet.now_ms()
    moved, at_ms, leaves_s, _ = scene.ledger.jobs.mark(claim, MARK)
    assert (moved, int(leaves_s * 1000)) == (Moved.YES, at_ms)
    assert before_ms <= at_ms <= scene.ledger.fleet.now_ms()
    record = scene.record(claim.ref)
    assert (record["state"], record["attempts"]) == ("submitting", "1")
    assert record["submitting_ms"] == record["moved_ms"] == str(at_ms)
    assert record["handouts"] == "1"  # still in the worker's hands
    assert scene.delay_s(claim.ref) == pytest.approx(MARK.delay_s, abs=5)
    assert scene.window() == {claim.ref}
    scene.assert_sums(1)


def test_the_same_mark_sent_twice_marks_once_and_says_the_same_time(scene: Scene) -> None:
    (claim,) = scene.released(1)
    call = mark_call(claim, MARK)
    first = scene.ledger.scripts.run(call)
    before = scene.snapshot()
    assert scene.ledger.scripts.run(call) == first
    assert first[:2] == [1, scene.record(claim.ref)["submitting_ms"]]
    assert scene.snapshot() == before


def test_a_second_mark_of_the_same_claim_is_lost(scene: Scene) -> None:
    """Two workers got the same message: one sends."""
    (claim,) = scene.released(1)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.YES
    assert _refused(scene, claim) is Moved.LOST


def test_a_late_marker_is_told(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.make_due(claim.ref)
    (handout,) = scene.tick().handouts
    assert _refused(scene, claim) is Moved.LOST
    assert scene.ledger.jobs.mark(handout.claim, MARK)[0] is Moved.YES


@pytest.mark.parametrize("state", [s for s in OPEN_STATES if s is not JobState.RELEASED])
def test_only_a_released_job_is_marked(scene: Scene, state: JobState) -> None:
    (claim,) = scene.released(1)
    scene.bring(claim, state)
    assert _refused(scene, claim) is Moved.LOST


def test_a_job_nobody_has_is_not_marked(scene: Scene) -> None:
    assert _refused(scene, Claim(scene.lane, "night/none", 1)) is Moved.LOST


def test_too_little_of_the_lease_is_left(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.ledger.jobs.renew([claim], MARK.lease_left_s - 5)
    assert _refused(scene, claim) is Moved.LATE
    scene.ledger.jobs.renew([claim], MARK.lease_left_s + 5)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.YES


@pytest.mark.parametrize("reason", list(Hold))
def test_nothing_of_a_held_batch_is_marked(scene: Scene, reason: Hold) -> None:
    (claim,) = scene.released(1)
    scene.hold(reason)
    assert _refused(scene, claim) is Moved.HELD
    scene.unhold(reason)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.YES


def test_another_batch_of_the_lane_is_marked(scene: Scene) -> None:
    (claim,) = scene.released(1)
    Scene(scene.ledger, batch="day").hold(Hold.CANCEL)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.YES


def test_nothing_is_marked_in_a_stopped_lane(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.ledger.lanes.stop(scene.lane, "arrears")
    assert _refused(scene, claim) is Moved.HELD
    scene.ledger.lanes.resume(scene.lane)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.YES


def test_what_is_marked_and_the_time_of_each_order_is_known(scene: Scene) -> None:
    first, second, _ = scene.released(3)
    marked = {claim.ref: scene.ledger.jobs.mark(claim, MARK)[1] for claim in (first, second)}
    request = scene.record(first.ref)["request"]
    leaving = scene.ledger.tickets.submitting(scene.lane)
    assert {ref: at_ms for ref, _, at_ms in leaving} == marked
    assert leaving[0][1] == request
    scene.go(first, JobState.RUNNING)
    assert [ref for ref, _, _ in scene.ledger.tickets.submitting(scene.lane)] == [second.ref]


def test_a_mark_asked_for_as_a_move_is_a_mark(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.hold(Hold.PAUSE)
    assert scene.move(claim, replace(MARK, attempts=0)) is Moved.HELD
