"""A run of orders that go wrong by no fault of their rows: few attempts are spent while it lasts."""

from __future__ import annotations

import pytest

from ledger.lanes import BREAKER_S
from ledger.tick import FAULTS_IN_A_ROW
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from worker.providers.port import NotSent, Refused, SubmitAnswer, Unanswered

JOBS = 40
STUMBLES = Refused(trouble(ErrorClass.TRANSIENT))
FAULTS = {"5xx": STUMBLES, "not sent": NotSent("no route"), "lost": Unanswered("reset")}


@pytest.fixture(autouse=True)
def many(mill: Mill) -> None:
    mill.hand_in([job(f"SKU-{i:02}") for i in range(JOBS)])


def order_all(mill: Mill) -> int:
    """Order what is handed out; how many orders left."""
    before = len(mill.provider.ordered)
    for handout in mill.hand_out():
        if handout.state is JobState.RELEASED:
            mill.desk.step("submit", handout.claim)
    return len(mill.provider.ordered) - before


def trouble_text(mill: Mill) -> str:
    batch = mill.ledger.batches.status(BATCH)
    assert batch is not None
    return batch.troubles.get(LANE, "")


def open_s(mill: Mill) -> float:
    """For how long no order leaves."""
    return mill.ledger.submit_bucket(LANE).take(1000, 1000, patience_s=0).wait_s


@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS)
def test_a_run_of_faults_opens_it(mill: Mill, answer: SubmitAnswer) -> None:
    mill.provider.to_submit.extend([answer] * JOBS)
    assert order_all(mill) == FAULTS_IN_A_ROW
    assert BREAKER_S - 2 < open_s(mill) <= BREAKER_S
    assert trouble_text(mill).startswith(f"{FAULTS_IN_A_ROW} orders in a row went wrong (")
    assert trouble_text(mill).endswith("; one is tried every 5 s")


def test_one_at_a_time_is_tried_ever_more_rarely(mill: Mill) -> None:
    mill.provider.to_submit.extend([STUMBLES] * JOBS)
    order_all(mill)
    for expected_s in (10, 20, 40, 80, 120, 120):
        mill.let_time_pass()
        assert order_all(mill) == 1
        assert expected_s - 2 < open_s(mill) <= expected_s
        assert trouble_text(mill).endswith(f"one is tried every {expected_s} s")
    assert len(mill.provider.ordered) == FAULTS_IN_A_ROW + 6


def test_while_it_is_open_at_most_one_order_is_released(mill: Mill) -> None:
    mill.provider.to_submit.extend([STUMBLES] * JOBS)
    for _ in range(4):
        order_all(mill)
        mill.let_time_pass()
    for handout in mill.hand_out():
        mill.desk.step("submit", handout.claim)
    mill.let_time_pass()
    released = mill.ledger.lanes.status(LANE)
    assert released is not None
    assert released.submits == 0
    assert len(mill.provider.ordered) <= FAULTS_IN_A_ROW + 4


def test_an_order_that_is_taken_closes_it(mill: Mill) -> None:
    mill.provider.to_submit.extend([STUMBLES] * (FAULTS_IN_A_ROW + 1))
    order_all(mill)
    mill.let_time_pass()
    assert order_all(mill) == 1
    mill.let_time_pass()
    order_all(mill)
    mill.let_time_pass()
    order_all(mill)
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    assert (status.running, status.released) == (JOBS, 0)
    assert len(mill.provider.ordered) == JOBS + FAULTS_IN_A_ROW + 1


def test_a_rows_own_refusal_is_no_fault(mill: Mill) -> None:
    mill.provider.to_submit.extend([Refused(trouble(ErrorClass.INVALID))] * 20)
    assert order_all(mill) == JOBS
    assert (open_s(mill), trouble_text(mill)) == (0.0, "")


def test_a_fault_now_and_then_opens_nothing(mill: Mill) -> None:
    for _ in range(3):
        mill.provider.to_submit.extend([STUMBLES] * (FAULTS_IN_A_ROW - 1))
        mill.provider.to_submit.append(mill.provider.take)
    assert order_all(mill) == JOBS
    assert open_s(mill) == 0.0


def test_too_many_requests_open_nothing(mill: Mill) -> None:
    for _ in range(FAULTS_IN_A_ROW + 1):
        mill.provider.to_submit.append(Refused(trouble(ErrorClass.THROTTLED)))
        mill.let_time_pass()
        (first, *_) = mill.hand_out()
        mill.desk.step("submit", first.claim)
    assert "in a row" not in trouble_text(mill)


def test_rows_outlive_a_long_outage(mill: Mill) -> None:
    mill.provider.to_submit.extend([STUMBLES] * 30)
    for _ in range(30):
        order_all(mill)
        mill.let_time_pass()
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    assert status.failed == 0
