"""Every move is made under a claim; a late writer changes nothing."""

from __future__ import annotations

from itertools import permutations

import pytest

from ledger.moves import Claim, Move, Moved, move_call
from schemas.states import ENDED_STATES, LEGAL_MOVES, OPEN_STATES, JobState
from tests.ledger.leftovers import assert_nothing_in_motion
from tests.ledger.scene import OPEN_AFTER_RELEASE, Scene

HOUR_S = 3600


def _moves(*sources: JobState) -> list[tuple[JobState, JobState]]:
    """Every legal move and every stay; only the window makes a job released."""
    return [
        (source, target)
        for source in sources
        for target in JobState
        if (target in LEGAL_MOVES[source] or target is source) and target is not JobState.RELEASED
    ]


def _claim(scene: Scene, source: JobState) -> Claim:
    (claim, _) = scene.released(2)
    if source is JobState.PENDING:
        scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, delay_s=HOUR_S))
        return claim
    return scene.bring(claim, source)


@pytest.mark.parametrize(("source", "target"), _moves(*OPEN_STATES))
def test_a_late_mover_changes_nothing(scene: Scene, source: JobState, target: JobState) -> None:
    claim = _claim(scene, source)
    late = claim._replace(number=claim.number - 1)
    before = scene.snapshot()
    move = Move(source, target, delay_s=1, attempts=1, images=4, cost_micro=9, fields={"x": 1})
    assert scene.move(late, move) is Moved.LOST
    assert scene.snapshot() == before


@pytest.mark.parametrize("state", OPEN_AFTER_RELEASE)
def test_the_old_holder_of_a_job_handed_out_again_is_late(scene: Scene, state: JobState) -> None:
    claim = _claim(scene, state)
    scene.make_due(claim.ref)
    handouts = {handout.claim.ref: handout.claim for handout in scene.tick().handouts}
    before = scene.snapshot()
    assert scene.move(claim, Move(state, JobState.FAILED)) is Moved.LOST
    assert scene.ledger.jobs.take(claim) is None
    assert scene.snapshot() == before
    assert scene.move(handouts[claim.ref], Move(state, JobState.FAILED)) is Moved.YES


@pytest.mark.parametrize(("held", "believed"), list(permutations(OPEN_STATES, 2)))
def test_a_mover_that_is_wrong_about_the_state_changes_nothing(
    scene: Scene, held: JobState, believed: JobState
) -> None:
    claim = _claim(scene, held)
    before = scene.snapshot()
    assert scene.move(claim, Move(believed, JobState.FAILED)) is Moved.LOST
    assert scene.snapshot() == before


@pytest.mark.parametrize("ended", ENDED_STATES)
def test_an_ended_job_stays_as_it_ended(scene: Scene, ended: JobState) -> None:
    claim = _claim(scene, ended)
    before = scene.snapshot()
    for source in OPEN_STATES:
        assert scene.move(claim, Move(source, JobState.CANCELLED)) is Moved.LOST
    assert scene.ledger.jobs.renew([claim], 30) == [True]
    assert scene.snapshot() == before
    with pytest.raises(ValueError, match="cannot go"):
        Move(ended, ended)


@pytest.mark.parametrize(("source", "target"), _moves(*OPEN_STATES))
def test_the_same_call_sent_twice_moves_once(
    scene: Scene, source: JobState, target: JobState
) -> None:
    claim = _claim(scene, source)
    chunk = scene.record(claim.ref)["chunk"]
    move = Move(source, target, delay_s=HOUR_S, attempts=1, images=2, cost_micro=5)
    call = move_call(claim, chunk, move)
    assert scene.ledger.scripts.run(call) == 1
    before = scene.snapshot()
    assert scene.ledger.scripts.run(call) == 1
    assert scene.snapshot() == before
    scene.assert_sums(2)


@pytest.mark.parametrize(("source", "target"), _moves(*OPEN_STATES))
def test_where_a_job_is_after_each_move(scene: Scene, source: JobState, target: JobState) -> None:
    claim = _claim(scene, source)
    assert scene.move(claim, Move(source, target, delay_s=HOUR_S)) is Moved.YES
    assert scene.record(claim.ref)["state"] == target
    in_play = target in (JobState.RELEASED, JobState.SUBMITTING, JobState.RUNNING)
    assert (claim.ref in scene.window()) == in_play
    assert (claim.ref in scene.agenda()) == (target in OPEN_STATES)
    assert claim.ref not in scene.ready()
    if target in OPEN_STATES:
        assert scene.delay_s(claim.ref) == pytest.approx(HOUR_S, abs=5)
    scene.assert_sums(2)


@pytest.mark.parametrize("target", [t for t in JobState if t is not JobState.PENDING])
def test_only_a_pending_job_can_be_made_ready(target: JobState) -> None:
    source = next((s for s in OPEN_STATES if target in LEGAL_MOVES[s]), target)
    with pytest.raises(ValueError, match="cannot be ready"):
        Move(source, target, ready=True)


def test_moves_the_table_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="a job cannot go from pending to running"):
        Move(JobState.PENDING, JobState.RUNNING)


@pytest.mark.parametrize("delay_s", [-0.001, -0.002, -60.0])
def test_a_moment_in_the_past_is_now(scene: Scene, delay_s: float) -> None:
    claim = _claim(scene, JobState.RUNNING)
    move = Move(JobState.RUNNING, JobState.RUNNING, delay_s=delay_s)
    assert scene.move(claim, move) is Moved.YES
    assert scene.delay_s(claim.ref) == pytest.approx(0, abs=5)
    assert scene.tick().handouts[0].claim.ref == claim.ref


def test_too_little_lease_left_refuses_to_begin(scene: Scene) -> None:
    claim = _claim(scene, JobState.RELEASED)
    scene.ledger.jobs.renew([claim], 10)
    before = scene.snapshot()
    begin = Move(JobState.RELEASED, JobState.SUBMITTING, delay_s=30, lease_left_s=15, attempts=1)
    assert scene.move(claim, begin) is Moved.LATE
    assert scene.snapshot() == before
    scene.ledger.jobs.renew([claim], 30)
    assert scene.move(claim, begin) is Moved.YES


def test_an_expired_lease_nobody_took_refuses_to_begin_but_not_to_end(scene: Scene) -> None:
    claim = _claim(scene, JobState.RELEASED)
    scene.make_due(claim.ref)
    begin = Move(JobState.RELEASED, JobState.SUBMITTING, lease_left_s=0.001)
    assert scene.move(claim, begin) is Moved.LATE
    assert scene.move(claim, Move(JobState.RELEASED, JobState.FAILED)) is Moved.YES


def test_a_lost_claim_is_said_before_a_short_lease(scene: Scene) -> None:
    claim = _claim(scene, JobState.RELEASED)
    begin = Move(JobState.RELEASED, JobState.SUBMITTING, lease_left_s=1000)
    assert scene.move(claim._replace(number=9), begin) is Moved.LOST


def test_a_move_writes_fields_times_and_attempts(scene: Scene) -> None:
    claim = _claim(scene, JobState.RELEASED)
    fields: dict[str, str | int | float] = {"ticket": "t-1", "price": 0.5, "n": 4}
    scene.move(claim, Move(JobState.RELEASED, JobState.SUBMITTING, attempts=1, fields=fields))
    record = scene.ledger.jobs.take(claim)
    assert record is not None
    assert (record.state, record.attempts) == (JobState.SUBMITTING, 1)
    assert record.fields["ticket"] == "t-1"
    assert (record.fields["price"], record.fields["n"]) == ("0.5", "4")
    assert 0 <= record.age_s("moved_ms") < 5
    assert 0 <= record.age_s("submitting_ms") < 5
    assert record.age_s("never_ms") == 0.0
    scene.move(claim, Move(JobState.SUBMITTING, JobState.PENDING, delay_s=1, attempts=-1))
    assert scene.record(claim.ref)["attempts"] == "0"


def test_the_record_brings_the_lanes_limits_and_what_it_learned(scene: Scene) -> None:
    claim = _claim(scene, JobState.RELEASED)
    scene.learn(3.0, 1.0, 2.5)
    record = scene.ledger.jobs.take(claim)
    assert record is not None
    assert record.learned == (2.5, 1.0, 3.0)
    assert record.limits is not None
    assert record.limits.window == 1000
    assert (record.chunk, record.claim) == ("night/00001/2", 1)


def test_a_record_nobody_has_is_none(scene: Scene) -> None:
    assert scene.ledger.jobs.take(Claim(scene.lane, "night/none", 1)) is None


def test_a_lane_remembers_a_hundred_generation_times(scene: Scene) -> None:
    scene.learn(*range(105))
    kept = scene.ledger.client.lrange(scene.keys.learned, 0, -1)
    assert (len(kept), kept[0]) == (100, "104.000")


def test_renewing_lengthens_the_lease_of_those_who_hold_it(scene: Scene) -> None:
    first, second = scene.released(2)
    assert scene.ledger.jobs.renew([first, second._replace(number=7)], 300) == [True, False]
    assert scene.delay_s(first.ref) == pytest.approx(300, abs=5)
    assert scene.delay_s(second.ref) == pytest.approx(30, abs=5)
    assert scene.ledger.jobs.renew([], 300) == []


def test_renewing_leaves_the_next_moment_that_an_outcome_set(scene: Scene) -> None:
    claim = _claim(scene, JobState.RUNNING)
    scene.move(claim, Move(JobState.RUNNING, JobState.RUNNING, delay_s=2))
    assert scene.ledger.jobs.renew([claim], 300) == [True]
    assert scene.delay_s(claim.ref) == pytest.approx(2, abs=1)


def test_renewing_goes_on_while_a_request_is_on_its_way(scene: Scene) -> None:
    claim = _claim(scene, JobState.RELEASED)
    begin = Move(JobState.RELEASED, JobState.SUBMITTING, delay_s=30, lease_left_s=15, attempts=1)
    assert scene.move(claim, begin) is Moved.YES
    scene.ledger.jobs.renew([claim], 300)
    assert scene.delay_s(claim.ref) == pytest.approx(300, abs=5)


def test_whoever_goes_on_keeps_the_claim_and_its_lease(scene: Scene) -> None:
    claim = _claim(scene, JobState.RUNNING)
    on = Move(JobState.RUNNING, JobState.STORING, delay_s=30, goes_on=True)
    call = move_call(claim, scene.record(claim.ref)["chunk"], on)
    assert scene.ledger.jobs._scripts.run_all([call, call]) == [1, 1]
    record = scene.record(claim.ref)
    assert (record["claim"], record["handouts"], record["takes"]) == (str(claim.number), "1", "1")
    assert scene.delay_s(claim.ref) == pytest.approx(30, abs=5)
    scene.ledger.jobs.renew([claim], 300)
    assert scene.delay_s(claim.ref) == pytest.approx(300, abs=5)
    assert scene.move(claim, Move(JobState.STORING, JobState.SUCCEEDED)) is Moved.YES


def test_nobody_goes_on_without_a_lease() -> None:
    with pytest.raises(ValueError, match="lease"):
        Move(JobState.STORING, JobState.SUCCEEDED, goes_on=True)


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.PENDING])
def test_renewing_never_brings_back_a_job_without_a_moment(scene: Scene, state: JobState) -> None:
    (claim,) = scene.released(1)
    if state is JobState.PENDING:
        scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, ready=True))
        scene.ledger.lanes.stop(scene.lane, "held")
        scene.tick()
        assert scene.ready() == [claim.ref]
    else:
        scene.end(claim)
    scene.ledger.jobs.renew([claim], 30)
    assert scene.agenda() == {}


def test_images_and_cost_are_counted_when_a_job_ends(scene: Scene) -> None:
    first, second = scene.released(2)
    scene.bring(first, JobState.STORING)
    scene.move(first, Move(JobState.STORING, JobState.PARTIAL, images=3, cost_micro=480_000))
    scene.bring(second, JobState.FAILED)
    (counts,) = scene.ledger.batches.counts(scene.document(2))
    assert (counts.images, counts.cost_micro) == (3, 480_000)
    assert counts.states[JobState.PARTIAL] == counts.states[JobState.FAILED] == 1


def test_orders_taken_are_counted(scene: Scene) -> None:
    first, second, _ = scene.released(3)
    scene.bring(first, JobState.RUNNING)
    scene.bring(second, JobState.SUBMITTING)
    scene.ledger.lanes.count(scene.lane, "throttled")
    status = scene.ledger.lanes.status(scene.lane)
    assert status is not None
    assert (status.submits, status.throttled, status.in_play) == (1, 1, 3)


@pytest.mark.parametrize("ended", ENDED_STATES)
def test_an_ended_batch_leaves_nothing_in_motion(scene: Scene, ended: JobState) -> None:
    claims = scene.released(3, 2)
    for claim in claims:
        scene.bring(claim, ended)
        scene.assert_sums(5)
    for chore in scene.tick().chores:
        scene.seal(chore.chunk)
    assert_nothing_in_motion(scene.ledger)
    (counts,) = scene.ledger.batches.counts(scene.document(5))
    assert (counts.states[ended], counts.chunks, counts.sealed) == (5, 2, 2)


def test_a_claim_knows_its_batch_and_job() -> None:
    claim = Claim("dashscope:wanx-v1@default", "night/a/b", 3)
    assert (claim.batch, claim.job) == ("night", "a/b")


@pytest.mark.parametrize(
    ("move", "soon"),
    [
        (Move(JobState.RUNNING, JobState.STORING, delay_s=HOUR_S), True),
        (Move(JobState.RUNNING, JobState.PENDING, ready=True), True),
        (Move(JobState.RUNNING, JobState.FAILED), True),
        (Move(JobState.RUNNING, JobState.RUNNING, delay_s=0), True),
        (Move(JobState.RUNNING, JobState.RUNNING, delay_s=HOUR_S), False),
    ],
)
def test_a_move_asks_for_a_look_when_there_is_room_or_work(
    scene: Scene, move: Move, soon: bool
) -> None:
    claim = _claim(scene, JobState.RUNNING)
    scene.ledger.fleet.due_lanes(again_s=HOUR_S, limit=10)
    scene.move(claim, move)
    due = scene.ledger.fleet.due_lanes(again_s=HOUR_S, limit=10)[1]
    assert due == ([scene.lane] if soon else [])
