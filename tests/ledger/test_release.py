"""Ready jobs get a place in the window, in order, as far as window and bucket allow."""

from __future__ import annotations

import pytest

from ledger.moves import Claim, Move, Moved
from ledger.tick import horizon_s
from schemas.states import JobState
from tests.ledger.scene import LEASE_S, Scene


def test_a_released_job_is_in_the_window_under_claim_one_with_a_lease(scene: Scene) -> None:
    scene.make_ready(1)
    scene.open()
    (handout,) = scene.tick().handouts
    assert (handout.claim.number, handout.state, handout.handouts) == (1, JobState.RELEASED, 1)
    assert scene.record(handout.claim.ref)["state"] == "released"
    assert scene.window() == {handout.claim.ref}
    assert scene.delay_s(handout.claim.ref) == pytest.approx(LEASE_S, abs=5)
    scene.assert_sums(1)


def test_a_lane_nobody_opened_releases_nothing(scene: Scene) -> None:
    scene.make_ready(2)
    assert scene.release() == []


def test_no_more_are_released_than_the_window_holds(scene: Scene) -> None:
    scene.make_ready(10)
    scene.open(window=3)
    claims = scene.release()
    assert len(claims) == 3
    assert scene.release() == []
    scene.bring(claims[0], JobState.RUNNING)
    assert scene.release() == []
    scene.go(claims[0], JobState.STORING)
    assert len(scene.release()) == 1
    scene.assert_sums(10)


@pytest.mark.parametrize(
    "target", [JobState.STORING, JobState.FAILED, JobState.CANCELLED, JobState.UNCERTAIN]
)
def test_a_job_that_leaves_the_provider_frees_its_place(scene: Scene, target: JobState) -> None:
    scene.make_ready(2)
    scene.open(window=1)
    (claim,) = scene.release()
    scene.bring(claim, target)
    assert claim.ref not in scene.window()
    assert len(scene.release()) == 1


def test_a_place_is_kept_by_the_job_not_by_its_worker(scene: Scene) -> None:
    scene.make_ready(2)
    scene.open(window=1)
    (claim,) = scene.release()
    scene.bring(claim, JobState.RUNNING)
    scene.make_due(claim.ref)
    assert [handout.claim.number for handout in scene.tick().handouts] == [2]
    assert scene.window() == {claim.ref}


def test_a_job_polled_again_for_fresh_addresses_is_in_the_window_again(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.bring(claim, JobState.STORING)
    assert scene.window() == set()
    scene.go(claim, JobState.RUNNING)
    assert scene.window() == {claim.ref}


def test_no_more_are_released_than_slots_come_within_the_horizon(scene: Scene) -> None:
    scene.make_ready(10)
    scene.open(rate_per_s=10, burst=1)
    assert len(scene.release()) == int(horizon_s(10) * 10) + 1
    assert scene.release() == []


def test_released_jobs_that_booked_their_slot_are_counted_once(scene: Scene) -> None:
    scene.make_ready(10)
    scene.open(rate_per_s=0.1, burst=1)
    (claim,) = scene.release()
    assert scene.ledger.submit_bucket(scene.lane).take(0.1, 1, 0).booked
    assert scene.release() == []  # the next slot is ten seconds away, beyond the horizon
    scene.bring(claim, JobState.RUNNING)
    assert scene.release() == []
    scene.ledger.client.hset(scene.keys.bucket, "tat_us", 1)
    assert len(scene.release()) == 1


def test_jobs_that_booked_their_slot_leave_room_for_the_rest_of_the_burst(scene: Scene) -> None:
    scene.make_ready(10)
    scene.open(rate_per_s=0.01, burst=5)
    for _ in scene.release(room=2):
        assert scene.ledger.submit_bucket(scene.lane).take(0.01, 5, 0).booked
    assert len(scene.release()) == 3


def test_a_cut_rate_releases_fewer(scene: Scene) -> None:
    scene.make_ready(20)
    scene.open(rate_per_s=50, burst=1)
    scene.ledger.submit_bucket(scene.lane).slow_down(0)
    assert len(scene.release()) == 0.5 * horizon_s(50) * 50 + 1


@pytest.mark.parametrize("burst", [1, 100, 1000])
def test_nothing_is_released_while_the_bucket_is_paused(scene: Scene, burst: int) -> None:
    scene.make_ready(3)
    scene.open(rate_per_s=50, burst=burst)
    scene.ledger.submit_bucket(scene.lane).slow_down(5)
    assert scene.release() == []


def test_a_stopped_lane_releases_nothing_and_says_why(scene: Scene) -> None:
    scene.make_ready(2)
    scene.open()
    scene.ledger.lanes.stop(scene.lane, "arrears")
    assert scene.release() == []
    status = scene.ledger.lanes.status(scene.lane)
    assert status is not None
    assert status.stopped == "arrears"
    assert scene.ledger.lanes.resume(scene.lane)
    assert not scene.ledger.lanes.resume(scene.lane)
    assert len(scene.release()) == 2


def test_a_stopped_lane_still_hands_out_what_is_due(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.bring(claim, JobState.RUNNING)
    scene.ledger.lanes.stop(scene.lane, "arrears")
    scene.make_due(claim.ref)
    assert len(scene.tick().handouts) == 1


def test_room_limits_what_is_released(scene: Scene) -> None:
    scene.make_ready(5)
    scene.open()
    assert len(scene.release(room=2)) == 2
    assert scene.release(room=0) == []
    assert len(scene.release()) == 3


def test_jobs_are_released_in_the_manifests_order(scene: Scene) -> None:
    chunks = scene.make_ready(3, 2)
    scene.open(window=1)
    order = []
    while claims := scene.release():
        order += [claim.ref for claim in claims]
        scene.bring(claims[0], JobState.FAILED)
    assert order == [ref for chunk in chunks for ref in scene.refs_of(chunk)]


def test_a_job_handed_back_goes_before_those_that_never_had_their_turn(scene: Scene) -> None:
    scene.make_ready(3)
    scene.open(window=1)
    (claim,) = scene.release()
    scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True))
    assert [(c.ref, c.number) for c in scene.release()] == [(claim.ref, 2)]


def test_a_retried_job_goes_first_once_its_moment_has_come(scene: Scene) -> None:
    scene.make_ready(3)
    scene.open(window=1)
    (claim,) = scene.release()
    scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, delay_s=3600))
    (second,) = scene.release()
    assert second.ref != claim.ref
    scene.make_due(claim.ref)
    scene.tick(room=1)
    scene.bring(second, JobState.FAILED)
    assert [c.ref for c in scene.release()] == [claim.ref]


def test_two_batches_take_turns(scene: Scene) -> None:
    day = Scene(scene.ledger, batch="day")
    scene.make_ready(2)
    day.make_ready(2)
    scene.open()
    assert [claim.batch for claim in scene.release()] == ["day", "night", "day", "night"]
    scene_counts = scene.states(scene.keys.counts("night"))
    day_counts = scene.states(scene.keys.counts("day"))
    assert scene_counts[JobState.RELEASED] == day_counts[JobState.RELEASED] == 2


def test_a_withdrawn_job_is_not_released_and_not_left_in_ready(scene: Scene) -> None:
    (chunk,) = scene.make_ready(3)
    first, second, third = scene.refs_of(chunk)
    withdrawn = Claim(scene.lane, second, 0)
    assert scene.move(withdrawn, Move(JobState.PENDING, JobState.CANCELLED)) is Moved.YES
    assert scene.ready() == [first, third]
    scene.open()
    assert [claim.ref for claim in scene.release()] == [first, third]
    scene.assert_sums(3)
