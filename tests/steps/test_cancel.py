"""A cancelled batch: what waits is withdrawn, what is drawn is stored, and all of it ends."""

from __future__ import annotations

import csv
import io

import pytest

from ledger.moves import Claim
from schemas.batch import BatchStatus, Hold
from schemas.failure import ErrorClass
from schemas.job import Again
from schemas.lane import LaneLimits
from schemas.states import JobState
from tests.steps.earlier_pictures import kept
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from tests.steps.turning import turned
from worker.providers.port import CancelAnswer, NotSent, Refused, TaskFailed, TooLate, Unanswered
from worker.steps import CANCEL_TRIES

NARROW = LaneLimits(rate_per_s=1000, burst=1000, window=1)
MOST_TURNS = 100


def cancel(mill: Mill) -> None:
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)


def status(mill: Mill) -> BatchStatus:
    found = mill.ledger.batches.status(BATCH)
    assert found is not None
    return found


def asked(mill: Mill, *answers: CancelAnswer) -> Claim:
    """A job at the provider whose batch is cancelled, and which was asked to be withdrawn."""
    claim = mill.running()
    cancel(mill)
    mill.provider.to_cancel.extend(answers)
    mill.desk.step("poll", claim)
    return claim


def test_rows_that_wait_are_withdrawn(mill: Mill) -> None:
    mill.hand_in([job(f"SKU-{i}") for i in range(3)], limits=NARROW)
    (handout,) = mill.hand_out()
    cancel(mill)
    assert status(mill).state == "cancelling"
    mill.desk.step("submit", handout.claim)
    results = turned(mill)
    assert {result.state for result in results} == {JobState.CANCELLED}
    assert {result.failures[0].message for result in results} == {"withdrawn"}
    assert mill.provider.ordered == []
    assert (status(mill).state, status(mill).cancelled, status(mill).cost) == (
        "finished",
        3,
        "0.00",
    )
    table = csv.DictReader(
        io.StringIO(mill.storage.get("batches/night/results.csv").decode("utf-8-sig"))
    )
    assert [row["status"] for row in table] == ["cancelled"] * 3


@pytest.mark.parametrize("hold", Hold)
def test_nothing_is_sent_of_a_batch_that_is_held_right_now(mill: Mill, hold: Hold) -> None:
    claim = mill.released()
    mill.ledger.batches.hold(BATCH, [LANE], hold)
    mill.desk.step("submit", claim)
    found = mill.record(claim)
    assert (found["state"], found["attempts"]) == ("pending", "0")
    assert (mill.provider.ordered, mill.window()) == ([], set())
    assert [handout.state for handout in mill.hand_out()] == (
        [JobState.PENDING] if hold is Hold.CANCEL else []
    )


def test_a_batch_that_was_paused_goes_on(mill: Mill) -> None:
    claim = mill.released()
    mill.ledger.batches.hold(BATCH, [LANE], Hold.PAUSE)
    mill.desk.step("submit", claim)
    assert status(mill).state == "paused"
    assert mill.ledger.batches.unhold(BATCH, [LANE], Hold.PAUSE)
    assert [result.state for result in turned(mill)] == [JobState.SUCCEEDED]


def test_nothing_takes_a_cancellation_back(mill: Mill) -> None:
    mill.released()
    cancel(mill)
    for hold in (Hold.PAUSE, Hold.BUDGET):
        mill.ledger.batches.unhold(BATCH, [LANE], hold)
    mill.ledger.lanes.resume(LANE)
    assert [result.state for result in turned(mill)] == [JobState.CANCELLED]


def test_a_task_that_waits_at_the_provider_is_cancelled_there(mill: Mill) -> None:
    mill.provider.busy = True
    claim = asked(mill)
    result = mill.result(claim)
    assert (result.state, result.cost_micro, result.ticket) == (JobState.CANCELLED, 0, "task-1")
    assert (mill.provider.withdrawn, mill.provider.polled) == ({"task-1"}, [])


def test_a_task_that_is_drawn_is_stored_and_paid_for(mill: Mill) -> None:
    claim = asked(mill)
    assert mill.provider.asked_cancels == ["task-1"]
    (result,) = turned(mill)
    assert (result.state, result.cost_micro) == (JobState.SUCCEEDED, 160_000)
    assert mill.storage.get("batches/night/images/SKU-1_01.png")
    assert mill.provider.asked_cancels == ["task-1"]
    assert claim.ref == "night/SKU-1"


def test_a_lost_answer_to_a_cancellation_is_asked_for(mill: Mill) -> None:
    mill.provider.busy = True

    def withdraw_and_say_nothing(ticket: str) -> CancelAnswer:
        mill.provider.withdraw(ticket)
        return Unanswered("reset")

    claim = mill.running()
    cancel(mill)
    mill.provider.to_cancel.append(withdraw_and_say_nothing)
    mill.desk.step("poll", claim)
    assert mill.record(claim)["state"] == "running"
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))  # too late, says the provider
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.CANCELLED, 0)


@pytest.mark.parametrize(
    "answer",
    [Refused(trouble(ErrorClass.INVALID)), NotSent("no route"), Unanswered("reset")],
    ids=["refused", "not sent", "unanswered"],
)
def test_a_picture_does_not_expire_while_its_cancelling_fails(
    mill: Mill, answer: CancelAnswer
) -> None:
    claim = asked(mill, *[answer] * 50)
    for _ in range(CANCEL_TRIES - 1):
        mill.desk.step("poll", mill.due_again(JobState.RUNNING))
        assert mill.provider.polled == []
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.record(claim)["state"] == "storing"
    assert len(mill.provider.asked_cancels) == CANCEL_TRIES


def test_a_job_between_two_tries_is_withdrawn(mill: Mill) -> None:
    claim = mill.released()
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.TRANSIENT)))
    mill.desk.step("submit", claim)
    assert mill.wait_s(claim) is not None
    cancel(mill)
    (handout,) = mill.hand_out()
    assert handout.state is JobState.PENDING
    mill.desk.step("cancel", handout.claim)
    result = mill.result(claim)
    assert (result.state, result.attempts, mill.wait_s(claim)) == (JobState.CANCELLED, 1, None)


def test_a_try_that_ends_after_the_cancellation_is_withdrawn_at_once(mill: Mill) -> None:
    claim = mill.running()
    cancel(mill)
    mill.provider.to_cancel.append(TooLate())
    mill.desk.step("poll", claim)
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.TRANSIENT)))
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.record(claim)["state"] == "pending"
    (handout,) = mill.hand_out()
    mill.desk.step("cancel", handout.claim)
    assert mill.result(claim).state is JobState.CANCELLED


@pytest.mark.parametrize(("arrived", "state"), [(True, "succeeded"), (False, "cancelled")])
def test_a_lost_order_is_looked_for_all_the_same(mill: Mill, arrived: bool, state: str) -> None:
    mill.configure("resubmit", exclusive=True)
    mill.lost(arrived=arrived)
    cancel(mill)
    (result,) = turned(mill)
    assert (result.state, len(mill.provider.ordered)) == (state, 1)


def test_an_uncertain_order_is_not_sent_again_once_cancelled(mill: Mill) -> None:
    mill.configure("resubmit")
    mill.lost()
    mill.provider.take_in(job("strange"))
    cancel(mill)
    (result,) = turned(mill)
    assert (result.state, len(mill.provider.ordered)) == (JobState.UNCERTAIN, 1)


def test_a_message_to_cancel_that_was_lost_is_sent_again(mill: Mill) -> None:
    claim = mill.released()
    cancel(mill)
    mill.desk.step("submit", claim)
    mill.hand_out()
    mill.let_time_pass()
    mill.hand_out()
    assert [result.state for result in turned(mill)] == [JobState.CANCELLED]


@pytest.mark.parametrize("loaded", [True, False])
def test_a_round_that_is_cancelled_leaves_what_there_was(mill: Mill, loaded: bool) -> None:
    again = Again(round=2, kept=kept("SKU-1", 1, 3), attempts=3, cost_micro=640_000)
    orders = [job("SKU-1", n=4, again=again), job("SKU-2", again=Again(round=2, attempts=5))]
    mill.hand_in(orders, limits=NARROW)
    if loaded:
        mill.hand_out()
    cancel(mill)
    first, second = turned(mill)
    assert first.state is JobState.PARTIAL
    assert [image.index for image in first.images] == [1, 3]
    assert (first.attempts, first.cost_micro) == (3, 640_000)
    assert (second.state, second.attempts, second.cost_micro) == (JobState.CANCELLED, 5, 0)
    assert (status(mill).images, status(mill).cost) == (2, "0.64")
    assert mill.provider.ordered == []


def test_chunks_never_loaded_are_withdrawn(mill: Mill) -> None:
    orders = [job(f"SKU-{i}") for i in range(520)]
    mill.hand_in(orders, limits=NARROW)
    mill.hand_out()
    cancel(mill)
    results = turned(mill)
    assert [result.id for result in results] == [order.id for order in orders]
    assert {result.state for result in results} == {JobState.CANCELLED}
    assert {result.row["sku"] for result in results} == {order.id for order in orders}
    assert status(mill).cancelled == 520


def test_another_batch_of_the_lane_goes_on(mill: Mill) -> None:
    mill.hand_in([job("SKU-1")])
    mill.hand_in([job("SKU-2")], batch="other")
    cancel(mill)
    assert [result.state for result in turned(mill)] == [JobState.CANCELLED]
    for _ in range(MOST_TURNS):
        mill.turn()
        mill.let_time_pass()
    other = mill.ledger.batches.status("other")
    assert other is not None
    assert (other.state, other.succeeded) == ("finished", 1)
