"""The agenda: expired leases and moments that have come are handed out under a new claim."""

from __future__ import annotations

import pytest

from ledger.moves import Move, Moved
from schemas.states import JobState
from tests.ledger.scene import LEASE_S, OPEN_AFTER_RELEASE, Scene
from tests.waiting import wait_until


@pytest.mark.parametrize("state", OPEN_AFTER_RELEASE)
def test_a_moment_that_has_come_is_handed_out_under_the_next_claim(
    scene: Scene, state: JobState
) -> None:
    (claim,) = scene.released(1)
    scene.bring(claim, state)
    assert scene.tick().handouts == []
    scene.make_due(claim.ref)
    (handout,) = scene.tick().handouts
    assert handout.claim == claim._replace(number=2)
    assert handout.state is state
    assert scene.delay_s(claim.ref) == pytest.approx(LEASE_S, abs=5)
    assert scene.tick().handouts == []
    scene.assert_sums(1)


def test_a_lease_runs_out_by_the_servers_clock(scene: Scene) -> None:
    scene.make_ready(1)
    scene.open()
    (first,) = scene.tick(lease_s=0.03).handouts
    found: list[int] = []

    def handed_out() -> bool:
        found.extend(handout.claim.number for handout in scene.tick().handouts)
        return bool(found)

    wait_until(handed_out, what="the lease to run out")
    assert found == [first.claim.number + 1]


def test_handouts_without_an_outcome_are_counted(scene: Scene) -> None:
    (claim,) = scene.released(1)
    counts = []
    for _ in range(6):
        scene.make_due(claim.ref)
        (handout,) = scene.tick().handouts
        counts.append(handout.handouts)
    assert counts == [2, 3, 4, 5, 6, 7]  # the release was the first
    assert handout.claim.number == 7


@pytest.mark.parametrize(
    "move",
    [
        Move(JobState.RUNNING, JobState.RUNNING, delay_s=60),
        Move(JobState.RUNNING, JobState.STORING, delay_s=60),
    ],
)
def test_an_outcome_starts_the_count_anew(scene: Scene, move: Move) -> None:
    (claim,) = scene.released(1)
    scene.bring(claim, JobState.RUNNING)
    for expected in (1, 2):
        scene.make_due(claim.ref)
        (handout,) = scene.tick().handouts
        assert handout.handouts == expected
    assert scene.move(handout.claim, move) is Moved.YES
    scene.make_due(claim.ref)
    assert scene.tick().handouts[0].handouts == 1


def test_renewing_is_no_outcome(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.ledger.jobs.renew([claim], 60)
    scene.make_due(claim.ref)
    assert scene.tick().handouts[0].handouts == 2


def test_a_retry_released_again_starts_the_count_anew(scene: Scene) -> None:
    (claim,) = scene.released(1)
    scene.make_due(claim.ref)
    (handout,) = scene.tick().handouts
    scene.move(handout.claim, Move(JobState.RELEASED, JobState.PENDING, ready=True))
    (again,) = scene.tick().handouts
    assert (again.claim.number, again.handouts) == (3, 1)


def test_pending_jobs_whose_moment_has_come_go_to_the_head_of_ready(scene: Scene) -> None:
    scene.make_ready(3)
    scene.open(window=2)
    first, second = scene.release()
    (third,) = scene.ready()
    for claim in (first, second):
        scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, delay_s=60))
    scene.ledger.lanes.stop(scene.lane, "held")
    scene.make_due(first.ref)
    assert scene.tick().handouts == []
    assert scene.ready() == [first.ref, third]
    assert scene.agenda().keys() == {second.ref}
    scene.assert_sums(3)


def test_the_earliest_moments_come_first_and_only_as_many_as_there_is_room_for(
    scene: Scene,
) -> None:
    claims = scene.released(4)
    order = [claims[index].ref for index in (2, 0, 3, 1)]
    scene.make_due(*order)
    assert [handout.claim.ref for handout in scene.tick(room=3).handouts] == order[:3]
    assert scene.tick(room=0).handouts == []
    assert [handout.claim.ref for handout in scene.tick().handouts] == order[3:]


def test_jobs_that_only_wait_for_a_place_stand_in_nobodys_way(scene: Scene) -> None:
    claims = scene.released(6)
    for claim in claims[:5]:
        scene.move(claim, Move(JobState.RELEASED, JobState.PENDING, delay_s=60))
    scene.bring(claims[5], JobState.RUNNING)
    scene.ledger.lanes.stop(scene.lane, "held")
    scene.make_due(*(claim.ref for claim in claims))
    assert [handout.claim.ref for handout in scene.tick(room=1).handouts] == [claims[5].ref]
    assert len(scene.ready()) == 5


def test_a_job_on_the_agenda_without_a_record_is_forgotten(scene: Scene) -> None:
    scene.open()
    scene.ledger.client.zadd(scene.keys.agenda, {"night/gone": 1})
    tick = scene.tick()
    assert (tick.handouts, tick.next_s) == ([], None)


def test_many_lanes_are_looked_at_in_one_round_trip(scene: Scene) -> None:
    scene.released(1)
    other = Scene(scene.ledger, lane="dashscope:flux-dev@second")
    other.make_ready(2)
    other.open(window=1)
    ticks = scene.ledger.lanes.tick([scene.lane, other.lane, "dashscope:none@default"], 30, 10)
    assert [len(tick.handouts) for tick in ticks.values()] == [0, 1, 0]
    assert ticks["dashscope:none@default"].next_s is None
    assert scene.ledger.lanes.tick([], 30, 10) == {}
