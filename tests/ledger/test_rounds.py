"""A finished batch is opened again once for each round, however many try, and nothing is lost."""

from __future__ import annotations

import pytest

from ledger import rounds
from ledger.keys import BATCH_AGENDA, BATCHES
from ledger.moves import Move, Moved
from schemas.batch import Batch, ChunkRef, Hold, LaneRound, Round
from schemas.states import BatchState, JobState
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import FINISHED_AT, Scene
from tests.ledger.worker_moves import MARK

LATER = "2026-11-21T06:00:00Z"


def _round(scene: Scene, number: int, **figures: int) -> Round:
    chunk = ChunkRef(batch=scene.batch, round=number, number=1, size=1)
    part = LaneRound(chunks=[chunk], states={JobState.SUCCEEDED: 1}, **figures)
    return Round(number=number, lanes={scene.lane: part})


def _run_to_its_end(scene: Scene, chunk: ChunkRef) -> None:
    for chore in scene.tick().chores:
        assert scene.load(chore.chunk)
    for handout in scene.tick().handouts:
        scene.end(handout.claim)
    scene.tick()
    assert scene.seal(chunk)


def test_numbers_of_rounds_are_never_given_twice(scene: Scene) -> None:
    scene.finish_batch()
    assert [scene.ledger.batches.new_round(scene.batch) for _ in range(3)] == [2, 3, 4]


def test_a_round_takes_back_what_its_jobs_counted_for(scene: Scene) -> None:
    scene.finish_batch()
    chunk = scene.reopen_batch(2)
    (counts,) = scene.ledger.batches.counts(scene.document(2))
    assert (counts.images, counts.cost_micro, counts.chunks, counts.sealed) == (1, 160_000, 2, 1)
    assert (counts.states[JobState.SUCCEEDED], counts.states[JobState.PENDING]) == (1, 1)
    assert scene.waiting() == [str(chunk)]
    scene.assert_sums(2)
    status = scene.ledger.batches.status(scene.batch)
    assert status is not None
    assert (status.state, status.finished_at) == ("running", None)


def test_a_round_of_jobs_that_came_to_nothing_takes_nothing_back(scene: Scene) -> None:
    scene.finish_batch()
    round_ = _round(scene, 2, possible_double_charges=1)
    assert scene.ledger.batches.reopen(scene.batch, round_, FINISHED_AT)
    assert scene.ledger.batches.hand_in_round(scene.batch)
    (counts,) = scene.ledger.batches.counts(scene.document(2))
    assert (counts.images, counts.cost_micro) == (2, 320_000)
    assert counts.possible_double_charges == 1


def test_a_round_runs_and_the_batch_finishes_anew(scene: Scene) -> None:
    scene.finish_batch()
    _run_to_its_end(scene, scene.reopen_batch(2))
    batches = scene.ledger.batches
    assert batches.finish(scene.batch, LATER, [scene.lane], 2)
    status = batches.status(scene.batch)
    assert status is not None
    assert (status.finished_at, status.succeeded, status.images) == (LATER, 2, 2)
    assert_nothing_in_motion(scene.ledger)


def test_a_round_is_handed_in_once_whoever_does_it(scene: Scene) -> None:
    """The one who announced it, and the worker who looked at the batch meanwhile."""
    scene.finish_batch()
    round_ = scene.announce_round(2)
    call = rounds.hand_in_round(scene.lane, scene.batch, 2, round_.lanes[scene.lane])
    assert scene.ledger.scripts.run(call) == 1
    before = scene.snapshot()
    assert scene.ledger.scripts.run(call) == 0
    assert scene.ledger.batches.hand_in_round(scene.batch)
    assert not scene.ledger.batches.hand_in_round(scene.batch)
    assert scene.snapshot() == before
    assert scene.ledger.batches.state(scene.batch) is BatchState.RUNNING


def test_of_two_who_reopen_at_once_one_does(scene: Scene) -> None:
    scene.finish_batch()
    batches = scene.ledger.batches
    reopened = [batches.reopen(scene.batch, _round(scene, n), FINISHED_AT) for n in (2, 3)]
    assert reopened == [True, False]
    assert batches.hand_in_round(scene.batch)
    assert scene.waiting() == ["night/r2-00001/1"]
    scene.assert_sums(2)


def test_what_was_seen_before_the_last_round_reopens_nothing(scene: Scene) -> None:
    scene.finish_batch()
    _run_to_its_end(scene, scene.reopen_batch(2))
    batches = scene.ledger.batches
    batches.finish(scene.batch, LATER, [scene.lane], 2)
    assert not batches.reopen(scene.batch, _round(scene, 3), FINISHED_AT)
    assert batches.state(scene.batch) is BatchState.FINISHED
    assert batches.reopen(scene.batch, _round(scene, 3), LATER)


@pytest.mark.parametrize("started", [False, True])
def test_a_batch_that_is_not_finished_is_not_reopened(scene: Scene, started: bool) -> None:
    scene.ledger.batches.open(scene.document(2), 1000)
    scene.hand_in(2)
    if started:
        scene.ledger.batches.start(scene.batch)
    assert not scene.ledger.batches.reopen(scene.batch, _round(scene, 2), FINISHED_AT)
    assert not scene.ledger.batches.hand_in_round(scene.batch)


def test_a_round_whose_announcer_died_is_looked_at_and_handed_in(scene: Scene) -> None:
    scene.finish_batch()
    scene.announce_round(2)
    assert scene.ledger.client.zscore(BATCH_AGENDA, scene.batch) is not None
    assert scene.ledger.batches.hand_in_round(scene.batch)
    assert scene.ledger.batches.due(again_s=60) == [scene.batch]


def test_a_look_taken_away_while_the_batch_is_reopened_comes_back(scene: Scene) -> None:
    """A slow finisher tidies up after the announcement: the announcer may be dead by now."""
    scene.finish_batch()
    scene.announce_round(2)
    scene.ledger.batches.tidy(scene.batch, [scene.lane])
    assert scene.ledger.client.zscore(BATCH_AGENDA, scene.batch) is not None


def test_a_slow_finisher_of_the_last_round_does_not_end_this_one(scene: Scene) -> None:
    """Two closed the batch; one of them froze before it said so."""
    scene.finish_batch()
    chunk = scene.reopen_batch(2)
    assert not scene.ledger.batches.finish(scene.batch, LATER, [scene.lane], 1)
    assert scene.ledger.batches.state(scene.batch) is BatchState.RUNNING
    assert scene.ledger.batches.due(again_s=60) == [scene.batch]
    _run_to_its_end(scene, chunk)
    assert scene.ledger.batches.finish(scene.batch, LATER, [scene.lane], 2)


def test_a_slow_finisher_does_not_end_a_round_that_is_only_announced(scene: Scene) -> None:
    scene.finish_batch()
    scene.announce_round(2)
    assert not scene.ledger.batches.finish(scene.batch, LATER, [scene.lane], 1)
    assert scene.ledger.batches.hand_in_round(scene.batch)
    assert len(scene.waiting()) == 1


def test_finishing_twice_keeps_the_first_time(scene: Scene) -> None:
    """Whoever read it may be reopening the batch with it."""
    scene.finish_batch()
    assert not scene.ledger.batches.finish(scene.batch, LATER, [scene.lane])
    status = scene.ledger.batches.status(scene.batch)
    assert status is not None
    assert status.finished_at == FINISHED_AT


def test_a_slow_hand_in_does_not_start_a_later_round(scene: Scene) -> None:
    """It froze between handing in round 2 and saying so; round 3 is announced meanwhile."""
    scene.finish_batch()
    _run_to_its_end(scene, scene.reopen_batch(2))
    batches = scene.ledger.batches
    batches.finish(scene.batch, LATER, [scene.lane], 2)
    assert not batches.start(scene.batch, 2)
    assert batches.state(scene.batch) is BatchState.FINISHED
    assert batches.reopen(scene.batch, _round(scene, 3), LATER)
    assert not batches.start(scene.batch, 2)
    assert not batches.start(scene.batch)
    assert batches.hand_in_round(scene.batch)
    assert scene.waiting() == ["night/r3-00001/1"]


def test_which_round_is_under_way(scene: Scene) -> None:
    batches = scene.ledger.batches
    assert batches.open_round(scene.batch) is None
    batches.open(scene.document(2), 1000)
    assert batches.open_round(scene.batch) == 1  # the counts tell whether it is handed in
    scene.ledger.client.flushall()
    scene.finish_batch()
    assert batches.open_round(scene.batch) is None
    scene.announce_round(7)
    assert batches.open_round(scene.batch) is None  # handed in it is not
    batches.hand_in_round(scene.batch)
    assert batches.open_round(scene.batch) == 7


def test_a_round_of_several_lanes_survives_a_crash_between_them(scene: Scene) -> None:
    other = Scene(scene.ledger, lane="dashscope:flux-dev@default")
    document = _two_lanes(scene, other)
    scene.ledger.batches.open(document, 1000)
    for one in (scene, other):
        (claim,) = one.released(1)
        one.end(claim)
        one.tick()
        one.seal(one.chunks(1)[0])
    scene.ledger.batches.start(scene.batch)
    scene.ledger.batches.finish(scene.batch, FINISHED_AT, document.lanes)
    lanes = {one.lane: _round(one, 2).lanes[one.lane] for one in (scene, other)}
    scene.ledger.batches.reopen(scene.batch, Round(number=2, lanes=lanes), FINISHED_AT)
    first = rounds.hand_in_round(scene.lane, scene.batch, 2, lanes[scene.lane])
    assert scene.ledger.scripts.run(first) == 1  # and then it died
    assert scene.ledger.batches.hand_in_round(scene.batch)
    for one in (scene, other):
        assert one.waiting() == ["night/r2-00001/1"]
        one.assert_sums(1)


def test_a_round_of_a_cancelled_batch_begins_unheld(scene: Scene) -> None:
    scene.ledger.batches.open(scene.document(1), 1000)
    (claim,) = scene.released(1)
    scene.hold(Hold.CANCEL)
    scene.end(claim)
    scene.tick()
    scene.seal(scene.chunks(1)[0])
    scene.ledger.batches.finish(scene.batch, FINISHED_AT, [scene.lane])
    scene.reopen_batch(2)
    assert [chore.what for chore in scene.tick().chores] == ["load"]


@pytest.mark.parametrize("state", [JobState.RELEASED, JobState.SUBMITTING, JobState.RUNNING])
def test_a_worker_that_slept_through_a_round_is_late_in_the_next(
    scene: Scene, state: JobState
) -> None:
    """Its job is in the same state again, and was handed out as often."""
    (claim,) = scene.released(1)
    scene.ledger.batches.open(scene.document(1), 1000)
    scene.bring(claim, state)
    scene.make_due(claim.ref)
    (other,) = scene.tick().handouts
    scene.move(other.claim, Move(state, JobState.FAILED))
    scene.tick()
    scene.seal(scene.chunks(1)[0])
    scene.ledger.batches.finish(scene.batch, FINISHED_AT, [scene.lane])
    part = _round(scene, 2).lanes[scene.lane].model_copy(update={"states": {JobState.FAILED: 1}})
    round_ = Round(number=2, lanes={scene.lane: part})
    assert scene.ledger.batches.reopen(scene.batch, round_, FINISHED_AT)
    assert scene.ledger.batches.hand_in_round(scene.batch)
    for chore in scene.tick().chores:
        assert scene.load(chore.chunk)
    (again,) = scene.release()
    scene.bring(again, state)
    assert again.ref == claim.ref
    before = scene.snapshot()
    assert scene.move(claim, Move(state, JobState.CANCELLED)) is Moved.LOST
    assert scene.ledger.jobs.mark(claim, MARK)[0] is Moved.LOST
    assert scene.ledger.jobs.renew([claim], 300) == [False]
    assert scene.snapshot() == before


def test_the_list_of_batches_keeps_its_order(scene: Scene) -> None:
    scene.finish_batch()
    before = scene.ledger.client.zrange(BATCHES, 0, -1, withscores=True)
    scene.reopen_batch(2)
    assert scene.ledger.client.zrange(BATCHES, 0, -1, withscores=True) == before


def _two_lanes(scene: Scene, other: Scene) -> Batch:
    lanes = {scene.lane: 1, other.lane: 1}
    update = {"total": 2, "lanes": lanes, "currencies": dict.fromkeys(lanes, "CNY")}
    return scene.document(2).model_copy(update=update)


def _ended(scene: Scene, *, started: bool = True) -> None:
    """A batch of two jobs, all sealed, which nobody has finished."""
    scene.ledger.batches.open(scene.document(2), 1000)
    for claim in scene.released(2):
        scene.end(claim)
    if started:
        scene.ledger.batches.start(scene.batch)
    scene.tick()
    assert scene.seal(scene.chunks(2)[0])


@pytest.mark.parametrize("started", [True, False])
def test_a_round_may_follow_before_the_batch_is_finished(scene: Scene, started: bool) -> None:
    """Also where whoever handed it in died before saying so, and says it afterwards."""
    _ended(scene, started=started)
    batches = scene.ledger.batches
    assert batches.follow(scene.batch, _round(scene, 2, images=1, cost_micro=160_000), 1)
    assert batches.state(scene.batch) is BatchState.OPENING
    assert not batches.start(scene.batch)
    assert batches.hand_in_round(scene.batch)
    assert batches.open_round(scene.batch) == 2
    (counts,) = batches.counts(scene.document(2))
    assert (counts.images, counts.states[JobState.SUCCEEDED]) == (1, 1)
    scene.assert_sums(2)


def test_of_two_that_would_follow_one_does(scene: Scene) -> None:
    _ended(scene)
    batches = scene.ledger.batches
    assert [batches.follow(scene.batch, _round(scene, n), 1) for n in (2, 3)] == [True, False]
    assert batches.hand_in_round(scene.batch)
    assert not batches.follow(scene.batch, _round(scene, 3), 1)
    assert scene.waiting() == ["night/r2-00001/1"]


def test_nothing_follows_a_finished_batch(scene: Scene) -> None:
    scene.finish_batch()
    assert not scene.ledger.batches.follow(scene.batch, _round(scene, 2), 1)
    assert scene.ledger.batches.state(scene.batch) is BatchState.FINISHED


def test_who_would_finish_the_round_before_finishes_nothing(scene: Scene) -> None:
    _ended(scene)
    batches = scene.ledger.batches
    assert batches.follow(scene.batch, _round(scene, 2), 1)
    assert not batches.finish(scene.batch, LATER, [scene.lane], 1)
    assert batches.state(scene.batch) is BatchState.OPENING
