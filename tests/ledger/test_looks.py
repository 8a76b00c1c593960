"""Looks at the task list, as the ledger books them and writes what they tell."""

from __future__ import annotations

import pytest

from ledger.looks import LOOK
from ledger.moves import Claim, Move, Moved
from schemas.states import JobState
from tests.ledger.leftovers import assert_keys_accounted_for
from tests.ledger.scene import Scene


def running(scene: Scene, count: int = 3) -> list[Claim]:
    """Jobs at the provider, the next moment of each an hour away."""
    claims = scene.released(count)
    for claim in claims:
        scene.go(claim, JobState.SUBMITTING)
        scene.ledger.client.hset(scene.keys.job(claim.ref), "submitting_ms", 1)
        ticket = f"ticket {claim.job}"
        move = Move(
            JobState.SUBMITTING,
            JobState.RUNNING,
            delay_s=3600,
            ticket=ticket,
            fields={"ticket": ticket},
        )
        assert scene.move(claim, move) is Moved.YES
    return claims


def tickets(scene: Scene) -> list[str]:
    return [task.ticket for task in scene.ledger.looks.tasks(scene.lane).tasks]


def look_in_s(scene: Scene) -> float | None:
    moment = scene.chores().get(LOOK)
    return None if moment is None else (moment - scene.ledger.fleet.now_ms()) / 1000


def forward(scene: Scene, moments_s: dict[str, float], *, ended: bool = True) -> int:
    return scene.ledger.looks.bring_forward(scene.lane, moments_s, ended=ended)


def test_only_tasks_that_are_at_the_provider_are_known(scene: Scene) -> None:
    claims = running(scene)
    assert sorted(tickets(scene)) == [f"ticket {claim.job}" for claim in claims]
    scene.go(claims[0], JobState.STORING)
    scene.move(claims[1], Move(JobState.RUNNING, JobState.PENDING, delay_s=9))
    assert tickets(scene) == [f"ticket {claims[2].job}"]
    known = scene.ledger.looks.tasks(scene.lane)
    assert (known.tasks[0].sent_s, known.orders) == (0.001, 3)
    assert known.tasks[0].taken_s == pytest.approx(known.now_s, abs=30)


def test_a_task_that_ended_is_asked_for_once(scene: Scene) -> None:
    claims = running(scene)
    assert forward(scene, {claims[0].ref: 7.0}) == 1
    assert scene.delay_s(claims[0].ref) == pytest.approx(7, abs=2)
    assert scene.ledger.looks.tasks(scene.lane).busy_s == pytest.approx(7, abs=2)
    assert f"ticket {claims[0].job}" not in tickets(scene)
    before = scene.snapshot()
    assert forward(scene, {claims[0].ref: 0.0}) == 0
    assert scene.snapshot() == before


def test_a_moment_may_be_later_than_the_tasks_own(scene: Scene) -> None:
    """Else hundreds of looks at tasks that are overdue would push for the same queries."""
    (claim, *_) = running(scene)
    assert forward(scene, {claim.ref: 9000.0}) == 1
    assert scene.delay_s(claim.ref) > 8000


def test_own_looks_come_back_and_never_later(scene: Scene) -> None:
    first, second, _ = running(scene)
    assert forward(scene, {first.ref: 5.0, second.ref: 9000.0}, ended=False) == 1
    assert scene.delay_s(first.ref) <= 5
    assert scene.delay_s(second.ref) <= 3600
    assert len(tickets(scene)) == 3


@pytest.mark.parametrize("ended", [True, False])
def test_a_job_in_somebodys_hands_and_one_that_moved_on_are_left_alone(
    scene: Scene, ended: bool
) -> None:
    held, stored, over = running(scene)
    scene.make_due(held.ref)
    (handout,) = scene.tick().handouts
    scene.go(stored, JobState.STORING)
    scene.bring(over, JobState.FAILED)
    before = scene.snapshot()
    moments = {claim.ref: 0.0 for claim in (held, stored, over)}
    assert forward(scene, {**moments, "night/nobody": 0.0}, ended=ended) == 0
    assert scene.snapshot() == before
    assert scene.move(handout.claim, Move(JobState.RUNNING, JobState.STORING)) is Moved.YES


def test_what_is_brought_forward_has_its_lane_looked_at(scene: Scene) -> None:
    (claim, *_) = running(scene)
    scene.ledger.fleet.due_lanes(1000.0, 10)
    forward(scene, {claim.ref: 0.0})
    assert scene.ledger.fleet.due_lanes(1000.0, 10)[1] == [scene.lane]


def test_a_first_look_is_booked_once(scene: Scene) -> None:
    (claim, *_) = running(scene)
    assert scene.ledger.looks.begin(scene.lane, 5.0, 3.0)
    assert not scene.ledger.looks.begin(scene.lane, 1.0, 3.0)
    assert look_in_s(scene) == pytest.approx(5, abs=2)
    record = scene.ledger.jobs.take(claim)
    assert record is not None
    assert (record.looks.running, record.looks.trusted) == (3, True)
    assert record.looks.looked_ago_s is None
    assert_keys_accounted_for(scene.ledger)


def test_a_look_is_handed_out_to_one_at_a_time(scene: Scene) -> None:
    running(scene)
    scene.ledger.looks.begin(scene.lane, 0.0, 3.0)
    assert scene.tick(lease_s=25.0).look
    assert not scene.tick().look
    assert look_in_s(scene) == pytest.approx(25, abs=2)
    scene.ledger.looks.book(scene.lane, 0.0, 3.0)
    tick = scene.tick()
    assert (tick.look, tick.chores) == (True, [])


def test_the_lanes_next_moment_is_no_later_than_its_look(scene: Scene) -> None:
    running(scene)
    scene.ledger.looks.begin(scene.lane, 2.0, 3.0)
    next_s = scene.tick().next_s
    assert next_s is not None
    assert next_s <= 2.0


def test_a_pause_keeps_a_first_look_from_being_booked(scene: Scene) -> None:
    (claim, *_) = running(scene)
    looks = scene.ledger.looks
    looks.begin(scene.lane, 0.0, 3.0)
    looks.count(scene.lane, "missed", 3)
    looks.book(scene.lane, 1.0, 3.0, skew_s=-8.25, looked_s=looks.tasks(scene.lane).now_s - 50)
    looks.end(scene.lane, pause_s=30.0)
    assert look_in_s(scene) is None
    assert not looks.begin(scene.lane, 0.0, 3.0)
    record = scene.ledger.jobs.take(claim)
    assert record is not None
    assert (record.looks.trusted, record.looks.barred, record.looks.missed) == (False, True, 0)
    assert record.looks.looked_ago_s == pytest.approx(50, abs=5)
    known = looks.tasks(scene.lane)
    assert (known.skew_s, known.missed) == (-8.25, 0)


def test_after_the_end_a_first_look_may_be_booked_again(scene: Scene) -> None:
    running(scene)
    scene.ledger.looks.begin(scene.lane, 0.0, 3.0)
    scene.ledger.looks.end(scene.lane)
    assert scene.ledger.looks.begin(scene.lane, 0.0, 3.0)


def test_what_is_counted_goes_by_itself(scene: Scene) -> None:
    running(scene)
    scene.ledger.looks.count(scene.lane, "false_alarms", 2)
    scene.ledger.looks.count(scene.lane, "false_alarms", -1)
    assert scene.ledger.looks.tasks(scene.lane).false_alarms == 1
    assert_keys_accounted_for(scene.ledger)


def end_all(scene: Scene, claims: list[Claim]) -> None:
    for claim in claims:
        scene.move(claim, Move(JobState.RUNNING, JobState.FAILED))


def trusted(scene: Scene) -> bool:
    return scene.ledger.client.hget(scene.keys.looks, "trusted_until_ms") not in (None, "0")


def test_the_last_job_takes_the_look_along(scene: Scene) -> None:
    claims = running(scene)
    scene.ledger.looks.begin(scene.lane, 5.0, 3.0)
    assert trusted(scene)
    end_all(scene, claims)
    (seal,) = scene.tick().chores
    scene.ledger.lanes.seal(scene.lane, seal.chunk, [claim.job for claim in claims])
    assert look_in_s(scene) is None
    assert not trusted(scene)


def test_no_look_is_booked_for_a_lane_with_nothing_in_play(scene: Scene) -> None:
    claims = running(scene)
    scene.ledger.looks.begin(scene.lane, 5.0, 3.0)
    end_all(scene, claims)
    scene.ledger.looks.book(scene.lane, 1.0, 3.0)
    assert look_in_s(scene) is None
    assert not trusted(scene)
