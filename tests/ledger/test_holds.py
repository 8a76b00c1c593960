"""A held batch orders nothing; what waited waits on, in its order, and others go on."""

from __future__ import annotations

import pytest

from ledger.keys import LANES
from ledger.moves import Claim, Move, Moved
from schemas.batch import ChunkRef, Hold
from schemas.states import BatchState, JobState
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import LEASE_S, Scene
from tests.ledger.worker_moves import MARK

STAYING = [Hold.PAUSE, Hold.BUDGET]


@pytest.mark.parametrize("reason", STAYING)
def test_what_waits_has_no_turns_and_waits_on_in_its_order(scene: Scene, reason: Hold) -> None:
    scene.make_ready(3)
    day = Scene(scene.ledger, batch="day")
    day.hand_in(2, 2)
    before = scene.snapshot()
    scene.hold(reason)
    assert (scene.turns(), scene.backlog()) == ({}, ["day"])
    day.hold(reason)
    assert scene.backlog() == []
    assert scene.unhold(reason)
    assert day.unhold(reason)
    assert scene.snapshot() == before


@pytest.mark.parametrize("reason", STAYING)
def test_nothing_of_a_held_batch_is_released_or_loaded(scene: Scene, reason: Hold) -> None:
    first, _ = scene.hand_in(20, 5)
    scene.tick()
    scene.load(first)
    scene.open()
    scene.hold(reason)
    tick = scene.tick()
    assert (tick.handouts, tick.chores, tick.next_s) == ([], [], None)


def test_another_batch_of_the_lane_goes_on(scene: Scene) -> None:
    scene.make_ready(2)
    day = Scene(scene.ledger, batch="day")
    (chunk,) = day.make_ready(2)
    scene.open()
    scene.hold(Hold.PAUSE)
    assert [claim.ref for claim in scene.release()] == day.refs_of(chunk)


def test_a_batch_held_for_several_reasons_waits_for_the_last(scene: Scene) -> None:
    (chunk,) = scene.make_ready(2)
    scene.open()
    for reason in STAYING:
        scene.hold(reason)
        scene.hold(reason)
    assert scene.unhold(Hold.BUDGET)
    assert not scene.unhold(Hold.BUDGET)
    assert scene.release() == []
    assert scene.unhold(Hold.PAUSE)
    assert [claim.ref for claim in scene.release()] == scene.refs_of(chunk)


def test_unholding_what_is_not_held_changes_nothing(scene: Scene) -> None:
    scene.make_ready(2)
    before = scene.snapshot()
    assert not scene.unhold(Hold.PAUSE)
    assert scene.snapshot() == before


@pytest.mark.parametrize("reason", list(Hold))
def test_what_is_under_way_is_polled_and_stored(scene: Scene, reason: Hold) -> None:
    running, storing = scene.released(2)
    scene.bring(running, JobState.RUNNING)
    scene.bring(storing, JobState.STORING)
    scene.hold(reason)
    scene.make_due(running.ref, storing.ref)
    assert {handout.claim.ref for handout in scene.tick().handouts} == {running.ref, storing.ref}


def test_a_retry_whose_moment_comes_waits(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, delay_s=3600))
    scene.hold(Hold.PAUSE)
    assert list(scene.agenda()) == [claim.ref]
    scene.make_due(claim.ref)
    assert scene.tick().handouts == []
    assert (scene.ready(), scene.turns()) == ([claim.ref], {})
    scene.unhold(Hold.PAUSE)
    assert [again.ref for again in scene.release()] == [claim.ref]


def test_a_job_given_back_after_the_hold_waits_before_the_others(scene: Scene) -> None:
    scene.make_ready(3)
    scene.open(window=1)
    (claim,) = scene.release()
    waiting = scene.ready()
    scene.hold(Hold.PAUSE)
    assert scene.ledger.jobs.mark(claim, MARK).moved is Moved.HELD
    scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True))
    assert scene.tick().handouts == []
    assert scene.ready() == [claim.ref, *waiting]
    assert scene.window() == set()
    scene.assert_sums(3)


def test_several_given_back_all_wait_before_the_others(scene: Scene) -> None:
    scene.make_ready(5)
    scene.open(window=3)
    claims = scene.release()
    waiting = scene.ready()
    scene.hold(Hold.PAUSE)
    for claim in claims:
        scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True))
    scene.tick()
    assert set(scene.ready()[:3]) == {claim.ref for claim in claims}
    assert scene.ready()[3:] == waiting


def test_a_chunk_that_was_being_loaded_waits_when_it_comes(scene: Scene) -> None:
    (chunk,) = scene.hand_in(2)
    assert [chore.what for chore in scene.tick().chores] == ["load"]
    scene.hold(Hold.PAUSE)
    assert scene.load(chunk)
    assert (scene.ready(), scene.turns()) == (scene.refs_of(chunk), {})
    scene.open()
    assert scene.tick().handouts == []
    scene.unhold(Hold.PAUSE)
    assert [claim.ref for claim in scene.release()] == scene.refs_of(chunk)


def test_chunks_handed_in_after_the_hold_are_not_asked_for(scene: Scene) -> None:
    day = Scene(scene.ledger, batch="day")
    others = day.hand_in(*[1] * 5)
    scene.hold(Hold.PAUSE)
    chunks = scene.hand_in(2, 2)
    assert scene.waiting() == [str(chunk) for chunk in chunks]
    assert day.waiting() == [str(chunk) for chunk in others]
    assert scene.backlog() == ["day"]
    scene.unhold(Hold.PAUSE)
    assert scene.backlog() == ["day", "night"]


def test_a_hold_and_its_end_ask_for_a_look_at_the_lane(scene: Scene) -> None:
    for change in (scene.hold, scene.unhold):
        scene.ledger.client.delete(LANES)
        change(Hold.PAUSE)
        assert scene.ledger.fleet.due_lanes(60, 10)[1] == [scene.lane]


def test_a_hold_that_comes_while_a_tick_runs_lets_nothing_leave(scene: Scene) -> None:
    """The worst moment: its job is released already."""
    (claim,) = scene.released(1)
    scene.ledger.client.hset(scene.keys.holds, f"{Hold.PAUSE}:{scene.batch}", 1)
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.HELD
    assert scene.record(claim.ref)["state"] == JobState.RELEASED


def test_the_holds_of_a_batch_are_in_its_status(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    scene.hand_in(2)
    shown = []
    for reason in (Hold.BUDGET, Hold.PAUSE, Hold.CANCEL):
        scene.hold(reason)
        status = scene.ledger.batches.status(scene.batch)
        assert status is not None
        shown.append(status.state)
    assert shown == ["parked: budget", "paused", "cancelling"]


@pytest.mark.parametrize("reason", list(Hold))
def test_a_batch_that_is_finished_is_not_held(scene: Scene, reason: Hold) -> None:
    """Whoever held it saw it running; its next round must not begin held."""
    scene.finish_batch()
    scene.hold(reason)
    assert_nothing_in_motion(scene.ledger)


@pytest.mark.parametrize("reason", STAYING)
def test_finishing_forgets_the_holds(scene: Scene, reason: Hold) -> None:
    scene.ledger.batches.open(scene.document(1), 1000)
    (claim,) = scene.released(1)
    scene.hold(reason)
    scene.end(claim)
    (chunk,) = scene.chunks(1)
    scene.tick()
    scene.seal(chunk)
    scene.ledger.batches.finish(scene.batch, "2026-11-21T05:00:00Z", [scene.lane])
    assert_nothing_in_motion(scene.ledger)


def test_a_hold_is_kept_where_something_is_in_motion(scene: Scene) -> None:
    """A late finisher of an old round takes no hold from the new one."""
    scene.finish_batch()
    scene.reopen_batch(2)
    scene.hold(Hold.PAUSE)
    waiting = scene.waiting()
    assert waiting
    scene.ledger.batches.finish(scene.batch, "2026-11-21T06:00:00Z", [scene.lane])
    assert scene.ledger.batches.state(scene.batch) is BatchState.RUNNING
    assert (scene.waiting(), scene.backlog()) == (waiting, [])
    assert scene.unhold(Hold.PAUSE)
    assert (scene.waiting(), scene.backlog()) == (waiting, [scene.batch])


def test_a_batch_not_handed_in_yet_stays_held(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    scene.hold(Hold.PAUSE)
    scene.hand_in(2)
    scene.ledger.batches.start(scene.batch)
    scene.open()
    tick = scene.tick()
    assert (tick.handouts, tick.chores, tick.next_s) == ([], [], None)


def test_a_round_of_a_held_batch_waits(scene: Scene) -> None:
    scene.finish_batch()
    round_ = scene.announce_round(2)
    scene.hold(Hold.PAUSE)
    assert scene.ledger.batches.hand_in_round(scene.batch)
    chunks = round_.lanes[scene.lane].chunks
    assert (scene.waiting(), scene.backlog()) == ([str(chunk) for chunk in chunks], [])


def test_batches_whose_names_begin_alike_are_not_confused(scene: Scene) -> None:
    for batch in ("nigh", "night2", "n.ght", "%a+"):
        other = Scene(scene.ledger, batch=batch)
        (chunk,) = other.make_ready(1)
        scene.hold(Hold.PAUSE)
        assert other.refs_of(chunk) == other.ready()
        assert batch in scene.turns()
        assert ChunkRef.parse(f"{batch}/00001/1") == chunk


def test_a_held_job_that_ends_waits_no_more(scene: Scene) -> None:
    (chunk,) = scene.make_ready(2)
    first, second = scene.refs_of(chunk)
    scene.hold(Hold.PAUSE)
    withdrawn = Claim(scene.lane, first, 0)
    assert scene.move(withdrawn, Move(JobState.PENDING, JobState.CANCELLED)) is Moved.YES
    assert scene.ready() == [second]
    assert scene.tick(lease_s=LEASE_S).next_s is None
    scene.assert_sums(2)
