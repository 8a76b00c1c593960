"""Running jobs: each answer to the question how a task is."""

from __future__ import annotations

import pytest

from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.mill import LANE, Mill
from tests.steps.scripted_provider import done, trouble
from worker.policy.polling import POLL_DEADLINE_S, UNKNOWN_GRACE_S
from worker.providers.port import (
    Done,
    NotSent,
    PollAnswer,
    Refused,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    Unanswered,
)


def polled(mill: Mill, answer: PollAnswer, age_s: float = 0.0) -> Claim:
    """A job whose task was asked for `age_s` after it was taken."""
    claim = mill.running()
    taken_ms = mill.ledger.fleet.now_ms() - int(age_s * 1000)
    mill.ledger.client.hset(LaneKeys(LANE).job(claim.ref), "running_ms", taken_ms)
    mill.provider.to_poll.append(answer)
    mill.desk.step("poll", claim)
    assert len(mill.provider.polled) == 1
    return claim


def learned(mill: Mill) -> list[float]:
    return [float(text) for text in mill.ledger.client.lrange(LaneKeys(LANE).learned, 0, -1)]


def stopped(mill: Mill) -> str | None:
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    return status.stopped


def wait_s(mill: Mill, claim: Claim) -> float:
    found = mill.wait_s(claim)
    assert found is not None
    return found


@pytest.mark.parametrize("queued", [True, False])
def test_a_task_that_runs_is_asked_for_again(mill: Mill, queued: bool) -> None:
    claim = polled(mill, StillRunning(queued), age_s=4)
    assert mill.record(claim)["state"] == "running"
    assert 1 < wait_s(mill, claim) < 3  # half as long again as it has taken
    assert mill.window() == {claim.ref}


def test_a_finished_task_is_stored_at_once_and_leaves_the_window(mill: Mill) -> None:
    claim = polled(mill, done("task-1", 1))
    record = mill.record(claim)
    assert (record["state"], record["ticket"]) == ("storing", "task-1")
    assert "https://pictures.test/task-1/1.png" in record["pictures"]
    assert wait_s(mill, claim) <= 0
    assert mill.window() == set()


def test_the_lane_learns_the_providers_own_time(mill: Mill) -> None:
    polled(mill, done("task-1", 1, took_s=2.5), age_s=9)
    assert learned(mill) == [2.5]


def test_the_lane_learns_our_look_where_the_provider_tells_no_time(mill: Mill) -> None:
    polled(mill, done("task-1", 1, took_s=None), age_s=9)
    assert learned(mill) == [pytest.approx(9, abs=3)]


def test_a_task_that_ran_for_hours_fails(mill: Mill) -> None:
    claim = polled(mill, StillRunning(queued=False), age_s=POLL_DEADLINE_S + 1)
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.FAILED, 0)
    assert result.failures[0].error_class is ErrorClass.TIMEOUT
    assert (result.ticket, mill.window()) == ("task-1", set())


def test_a_young_task_may_be_unknown_for_a_while(mill: Mill) -> None:
    claim = polled(mill, TaskUnknown(), age_s=UNKNOWN_GRACE_S - 20)
    record = mill.record(claim)
    assert (record["state"], record["ticket"]) == ("running", "task-1")
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.record(claim)["state"] == "storing"


def test_an_old_task_that_is_unknown_is_lost(mill: Mill) -> None:
    result = mill.result(polled(mill, TaskUnknown(), age_s=UNKNOWN_GRACE_S + 1))
    assert result.state is JobState.FAILED
    assert result.failures[0].error_class is ErrorClass.LOST


@pytest.mark.parametrize("kind", [ErrorClass.INVALID, ErrorClass.MODERATED])
def test_a_task_that_failed_for_good_ends_the_job(mill: Mill, kind: ErrorClass) -> None:
    result = mill.result(polled(mill, TaskFailed(trouble(kind))))
    assert (result.state, result.failures, result.cost_micro) == (
        JobState.FAILED,
        [trouble(kind)],
        0,
    )


def test_a_task_cancelled_at_the_provider_is_cancelled(mill: Mill) -> None:
    result = mill.result(polled(mill, TaskFailed(trouble(ErrorClass.CANCELLED))))
    assert result.state is JobState.CANCELLED


def test_a_task_that_stumbled_is_ordered_again_up_to_five_times(mill: Mill) -> None:
    claim = mill.running()
    for attempt in range(1, 6):
        mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.TRANSIENT)))
        mill.desk.step("poll", claim)
        assert mill.record(claim)["attempts"] == str(attempt)
        if attempt < 5:
            assert (mill.record(claim)["state"], mill.window()) == ("pending", set())
            mill.let_time_pass()
            (handout,) = mill.hand_out()
            mill.desk.step("submit", handout.claim)
            assert mill.record(claim)["ticket"] == f"task-{attempt + 1}"
            claim = mill.due_again(JobState.RUNNING)
    result = mill.result(claim)
    assert (result.state, result.attempts, len(mill.provider.accepted)) == (JobState.FAILED, 5, 5)


def test_a_task_that_failed_for_the_account_stops_the_lane(mill: Mill) -> None:
    claim = polled(mill, TaskFailed(trouble(ErrorClass.ACCOUNT)))
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    assert stopped(mill) == "Oops: a reason for people"


@pytest.mark.parametrize("kind", list(ErrorClass))
def test_a_refused_question_never_ends_the_job(mill: Mill, kind: ErrorClass) -> None:
    claim = polled(mill, Refused(trouble(kind)), age_s=3600)
    record = mill.record(claim)
    assert (record["state"], record["ticket"], record["attempts"]) == ("running", "task-1", "1")
    assert wait_s(mill, claim) > 0
    assert mill.window() == {claim.ref}
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.record(claim)["state"] == "storing"


@pytest.mark.parametrize("kind", [ErrorClass.ACCOUNT, ErrorClass.MODEL_GONE])
def test_an_account_error_stops_the_lane_and_keeps_the_ticket(mill: Mill, kind: ErrorClass) -> None:
    claim = polled(mill, Refused(trouble(kind, "Arrearage")))
    assert stopped(mill) == "Arrearage: a reason for people"
    assert mill.record(claim)["ticket"] == "task-1"


def test_too_many_questions_slow_the_accounts_questions_only(mill: Mill) -> None:
    claim = polled(mill, Refused(trouble(ErrorClass.THROTTLED), retry_after_s=9.0))
    assert 7 < wait_s(mill, claim) <= 9.0
    slot = mill.ledger.poll_bucket("dashscope", "default").take(20, 1, patience_s=0)
    assert not slot.booked
    assert mill.ledger.submit_bucket(LANE).take(1000, 1, patience_s=0).booked
    assert mill.record(claim).get("troubles", "0") == "0"


@pytest.mark.parametrize("answer", [NotSent("no route"), Unanswered("reset")])
def test_a_question_without_answer_is_asked_again_less_and_less(
    mill: Mill, answer: PollAnswer
) -> None:
    mill.dice.share = 1.0
    claim = polled(mill, answer)
    for troubles in (1, 2, 3):
        assert mill.record(claim)["troubles"] == str(troubles)
        assert 2**troubles - 1.5 < wait_s(mill, claim) <= 2**troubles
        mill.provider.to_poll.append(answer)
        mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.provider.to_poll.append(StillRunning(queued=False))
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.record(claim)["troubles"] == "0"


def test_questions_keep_to_the_accounts_rate(mill: Mill) -> None:
    claim = mill.running()
    bucket = mill.ledger.poll_bucket("dashscope", "default")
    assert bucket.take(1, 1, patience_s=0).booked
    mill.desk.step("poll", claim)
    assert 0.1 < mill.clock.slept_s[-1] <= 1.0


def test_a_slot_for_a_question_too_far_ahead_is_waited_for(mill: Mill) -> None:
    claim = mill.running()
    for _ in range(3):
        assert mill.ledger.poll_bucket("dashscope", "default").take(1, 1, patience_s=60).booked
    mill.desk.step("poll", claim)
    assert 1.5 < wait_s(mill, claim) <= 3.0
    assert (mill.provider.polled, mill.record(claim)["state"]) == ([], "running")


def test_the_rewritten_prompt_is_kept(mill: Mill) -> None:
    answer = Done(done("task-1", 1).pictures, actual_prompt="a cat, studio light")
    claim = polled(mill, answer)
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert mill.result(claim).actual_prompt == "a cat, studio light"
