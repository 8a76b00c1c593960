"""What can follow at once follows in the same hands; what must wait, or should not, does not."""

from __future__ import annotations

import pytest

from ledger.moves import Claim
from schemas.job import Job
from schemas.states import JobState
from tests.steps.looking import learn
from tests.steps.mill import LEASE_S, Mill
from tests.steps.picture_host import failed
from worker.providers.port import Accepted, StillRunning, SubmitAnswer


def test_pictures_that_are_drawn_are_stored_at_once(mill: Mill) -> None:
    claim = mill.running()
    mill.desk.go("poll", claim)
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert mill.hand_out() == []


def test_what_follows_is_written_down_first_and_leased(mill: Mill) -> None:
    claim = mill.running()
    seen: list[tuple[dict[str, str], float | None]] = []
    mill.host.meanwhile = lambda: seen.append((mill.record(claim), mill.wait_s(claim)))
    mill.desk.go("poll", claim)
    ((record, wait_s),) = seen
    assert (record["state"], record["claim"]) == ("storing", str(claim.number))
    assert wait_s is not None
    assert LEASE_S - 5 < wait_s <= LEASE_S


def test_a_worker_that_goes_on_is_renewed(mill: Mill) -> None:
    claim = mill.running()
    renewed: list[float | None] = []

    def beat() -> None:
        mill.let_time_pass()
        mill.heartbeat.beat()
        renewed.append(mill.wait_s(claim))

    mill.host.meanwhile = beat
    mill.desk.go("poll", claim)
    (wait_s,) = renewed
    assert wait_s is not None
    assert wait_s > LEASE_S - 5
    assert mill.result(claim).state is JobState.SUCCEEDED


def test_one_that_dies_in_between_leaves_the_pictures_to_the_next(mill: Mill) -> None:
    claim = mill.running()

    def die() -> None:
        raise KeyboardInterrupt

    mill.host.meanwhile = die
    with pytest.raises(KeyboardInterrupt):
        mill.desk.go("poll", claim)
    mill.host.meanwhile = lambda: None
    again = mill.due_again(JobState.STORING)
    assert again.number == claim.number + 1
    mill.desk.go("store", again)
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert len(mill.provider.ordered) == 1


def test_one_that_is_late_stores_for_nobody(mill: Mill) -> None:
    claim = mill.running()
    others: list[Claim] = []

    def overtake() -> None:
        mill.host.meanwhile = lambda: None
        others.append(mill.due_again(JobState.STORING))
        mill.other_desk.go("store", others[0])

    mill.host.meanwhile = overtake
    mill.desk.go("poll", claim)
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert mill.record(claim)["claim"] == str(others[0].number)


def test_a_worker_that_is_to_end_leaves_the_pictures_to_others(mill: Mill) -> None:
    claim = mill.running()
    mill.clock.interrupt()
    mill.desk.go("poll", claim)
    assert mill.due_again(JobState.STORING).number == claim.number + 1


def test_a_picture_that_must_wait_is_nobodys(mill: Mill) -> None:
    claim = mill.running()
    mill.host.troubles[""].append(failed("transient"))
    mill.desk.go("poll", claim)
    assert mill.due_again(JobState.STORING).number == claim.number + 1


def test_a_lane_whose_pictures_come_at_once_is_asked_at_once(mill: Mill) -> None:
    learn(mill, 0.02)
    claim = mill.released()
    mill.desk.go("submit", claim)
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert any(slept_s == pytest.approx(0.02, rel=0.1) for slept_s in mill.clock.slept_s)
    assert mill.hand_out() == []


def test_any_other_is_asked_in_time(mill: Mill) -> None:
    learn(mill, 4.0)
    claim = mill.released()
    mill.desk.go("submit", claim)
    assert mill.due_again(JobState.RUNNING).number == claim.number + 1


def test_a_task_that_still_runs_is_nobodys(mill: Mill) -> None:
    learn(mill, 0.02)
    claim = mill.released()
    mill.provider.to_poll.append(StillRunning(queued=False))
    mill.desk.go("submit", claim)
    assert mill.due_again(JobState.RUNNING).number == claim.number + 1


def test_a_ticket_that_comes_home_late_is_left_to_others(mill: Mill) -> None:
    learn(mill, 0.02)
    claim = mill.released()

    def overtake(order: Job) -> SubmitAnswer:
        ticket = mill.provider.take_in(order)
        mill.due_again(JobState.SUBMITTING)
        return Accepted(ticket)

    mill.provider.to_submit.append(overtake)
    mill.desk.go("submit", claim)
    assert mill.record(claim)["state"] == "running"
    assert mill.due_again(JobState.RUNNING).number > claim.number + 1
