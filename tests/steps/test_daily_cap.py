"""An account's daily cap: its lanes wait for the next day, others go on."""

from __future__ import annotations

import pytest

from ledger.keys import account_purse_keys
from ledger.moves import Claim
from ledger.purse import Day, Figures
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from worker.paying import CAP_LOOK_S
from worker.providers.port import TaskFailed

OTHER = "dashscope:wanx-v1@second"
PRICE = 160_000
CAP = Day(2 * PRICE)


@pytest.fixture(autouse=True)
def capped(mill: Mill) -> None:
    mill.configure(daily_cap="0.32CNY")


def cap(mill: Mill) -> Figures:
    return mill.ledger.account_purse("dashscope", "default", "CNY", CAP).read()


def submitted(mill: Mill, count: int, lane: str = LANE) -> list[Claim]:
    """Jobs of a batch of their own, each ordered if it may be."""
    mill.hand_in([job(f"SKU-{i}", lane=lane) for i in range(count)], batch=f"of-{lane[-3:]}")
    claims = [handout.claim for handout in mill.hand_out(lane)]
    for claim in claims:
        mill.desk.step("submit", claim)
    return claims


def ordered(mill: Mill, lane: str = LANE) -> int:
    return len([order for order in mill.provider.ordered if order.lane == lane])


def test_beyond_it_the_lane_waits_and_says_why(mill: Mill) -> None:
    *_, refused = submitted(mill, 3)
    assert (ordered(mill), cap(mill)) == (2, Figures(2 * PRICE, 0, 2 * PRICE))
    found = mill.record(refused)
    assert (found["state"], found["attempts"]) == ("pending", "0")
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert status.trouble == (
        "the daily cap of account default is reached: 0.00 of 0.32 CNY spent, 0.32 set aside"
    )
    slot = mill.ledger.submit_bucket(LANE).take(1000, 1000, patience_s=0)
    assert CAP_LOOK_S - 2 < slot.wait_s <= CAP_LOOK_S
    assert mill.hand_out() == []


def test_another_account_goes_on(mill: Mill) -> None:
    submitted(mill, 3)
    submitted(mill, 3, OTHER)
    assert (ordered(mill), ordered(mill, OTHER)) == (2, 3)


def test_after_a_while_it_is_tried_again_and_refused(mill: Mill) -> None:
    *_, refused = submitted(mill, 3)
    mill.let_time_pass()
    released = [h.claim for h in mill.hand_out() if h.state is JobState.RELEASED]
    assert [claim.ref for claim in released] == [refused.ref]
    mill.desk.step("submit", released[0])
    assert (mill.record(refused)["state"], ordered(mill)) == ("pending", 2)


def test_a_new_day_continues(mill: Mill) -> None:
    *_, refused = submitted(mill, 3)
    for state, step in ((JobState.RUNNING, "poll"), (JobState.STORING, "store")):
        mill.let_time_pass()
        for handout in mill.hand_out():
            if handout.state is state:
                mill.desk.step(step, handout.claim)
    assert cap(mill) == Figures(2 * PRICE, 2 * PRICE, 0)
    yesterday(mill)
    mill.let_time_pass()
    (handout,) = (h for h in mill.hand_out() if h.state is JobState.RELEASED)
    mill.desk.step("submit", handout.claim)
    assert mill.record(refused)["state"] == "running"
    assert cap(mill) == Figures(2 * PRICE, 0, PRICE)


def test_what_is_under_way_at_midnight_counts_for_the_new_day(mill: Mill) -> None:
    *_, refused = submitted(mill, 3)
    yesterday(mill)
    mill.let_time_pass()
    for handout in mill.hand_out():
        if handout.state is JobState.RELEASED:
            mill.desk.step("submit", handout.claim)
    assert (mill.record(refused)["state"], ordered(mill)) == ("pending", 2)


def yesterday(mill: Mill) -> None:
    """What was spent until now was spent the day before."""
    keys = account_purse_keys("dashscope", "default", "CNY")
    mill.ledger.client.hincrby(keys.purse, "day", -1)


def test_a_failed_task_gives_its_money_back(mill: Mill) -> None:
    (claim,) = submitted(mill, 1)
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.MODERATED)))
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.result(claim).state is JobState.FAILED
    assert cap(mill) == Figures(2 * PRICE, 0, 0)


def test_a_cap_in_another_currency_says_nothing(mill: Mill) -> None:
    mill.configure(daily_cap="0.01USD")
    submitted(mill, 3)
    assert ordered(mill) == 3


def test_both_a_budget_and_a_cap_hold(mill: Mill) -> None:
    document = mill.hand_in([job(f"SKU-{i}") for i in range(3)])
    mill.ledger.batches.set_budget(document, "CNY", PRICE)
    for handout in mill.hand_out():
        mill.desk.step("submit", handout.claim)
    assert ordered(mill) == 1
    mill.ledger.batches.set_budget(document, "CNY", 3 * PRICE)
    mill.let_time_pass()
    for handout in mill.hand_out():
        if handout.state is JobState.RELEASED:
            mill.desk.step("submit", handout.claim)
    assert ordered(mill) == 2
    batch = mill.ledger.batches.status(BATCH)
    assert batch is not None
    assert (batch.state, batch.pending) == ("running", 1)
