"""Budgets: what fits is ordered, never a fen more, and what is parked goes on when it may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.keys import batch_purse_keys
from ledger.moves import Claim
from ledger.purse import Figures
from schemas.batch import BatchStatus, Hold
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.states import JobState
from tests.steps.ageing import age
from tests.steps.mill import BATCH, LANE, Mill, chunk, job
from tests.steps.scripted_provider import trouble
from worker import chores, steps
from worker.held import HeldJob
from worker.outcomes import TooDear
from worker.paying import set_aside
from worker.providers.port import Refused, SubmitAnswer, TaskFailed
from worker.recording import _move, record

PRICE = 160_000
FEN = 10_000


def handed_in(mill: Mill, limit_micro: int, *jobs: Job) -> list[Claim]:
    """Jobs of a batch that may cost so much, handed out to be ordered."""
    document = mill.hand_in(list(jobs))
    mill.ledger.batches.set_budget(document, "CNY", limit_micro)
    return [handout.claim for handout in mill.hand_out()]


def purse(mill: Mill) -> Figures:
    return mill.ledger.batch_purse(BATCH, "CNY").read()


def held(mill: Mill, claim: Claim) -> HeldJob:
    found = mill.desk._take(claim)
    assert found is not None
    return found


def status(mill: Mill) -> BatchStatus:
    found = mill.ledger.batches.status(BATCH)
    assert found is not None
    return found


def raise_to(mill: Mill, limit_micro: int) -> None:
    document = mill.ledger.batches.document(BATCH)
    assert document is not None
    mill.ledger.batches.set_budget(document, "CNY", limit_micro)


def turn(mill: Mill, times: int = 12) -> None:
    for _ in range(times):
        mill.turn()
        age(mill.ledger, mill.provider)
        mill.let_time_pass()


def jobs(count: int) -> list[Job]:
    return [job(f"SKU-{i:02}") for i in range(count)]


def test_eight_workers_spend_a_budget_to_the_last_fen(mill: Mill) -> None:
    claims = handed_in(mill, 25 * PRICE + FEN, *jobs(60))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda claim: mill.desk.step("submit", claim), claims))
    assert len(mill.provider.ordered) <= 25
    assert purse(mill) == Figures(25 * PRICE + FEN, 0, 25 * PRICE)
    turn(mill)
    assert status(mill).state == "parked: budget"
    assert purse(mill) == Figures(25 * PRICE + FEN, 25 * PRICE, 0)
    assert (status(mill).succeeded, status(mill).pending, status(mill).cost) == (25, 35, "4.00")
    raise_to(mill, 60 * PRICE)
    turn(mill)
    assert (status(mill).state, status(mill).succeeded, status(mill).cost) == (
        "finished",
        60,
        "9.60",
    )


def test_what_a_failed_task_gives_back_is_spent_on_another(mill: Mill) -> None:
    handed_in(mill, 3 * PRICE, *jobs(6))
    mill.provider.to_poll.extend([TaskFailed(trouble(ErrorClass.MODERATED))] * 2)
    mill.let_time_pass()
    turn(mill)
    found = status(mill)
    assert (found.failed, found.succeeded, found.pending) == (2, 3, 1)
    assert (found.cost, found.state) == ("0.48", "parked: budget")
    assert len(mill.provider.ordered) == 5
    assert purse(mill) == Figures(3 * PRICE, 3 * PRICE, 0)


def test_a_smaller_order_is_tried_where_a_dearer_one_did_not_fit(mill: Mill) -> None:
    orders = [job("SKU-1", n=3), job("SKU-2", n=4), job("SKU-3", n=1)]
    handed_in(mill, 4 * PRICE, *orders)
    mill.let_time_pass()
    turn(mill)
    assert [order.id for order in mill.provider.ordered] == ["SKU-1", "SKU-3"]
    assert purse(mill) == Figures(4 * PRICE, 4 * PRICE, 0)


def test_what_buys_no_picture_wakes_nobody(mill: Mill) -> None:
    for claim in handed_in(mill, PRICE + FEN, *jobs(2)):
        mill.desk.step("submit", claim)
    for _ in range(6):
        assert status(mill).state == "parked: budget"
        turn(mill, 1)
    assert (status(mill).succeeded, status(mill).pending) == (1, 1)


def test_what_was_given_back_with_its_money_is_ordered_although_all_is_spent(mill: Mill) -> None:
    claims = handed_in(mill, 2 * PRICE, *jobs(40))
    mill.provider.to_submit.extend([mill.provider.take, Refused(trouble(ErrorClass.THROTTLED))])
    for claim in claims:
        mill.desk.step("submit", claim)
    assert (status(mill).state, purse(mill).reserved_micro) == ("parked: budget", 2 * PRICE)
    turn(mill)
    assert (status(mill).succeeded, status(mill).state) == (2, "parked: budget")
    assert [order.id for order in mill.provider.ordered] == ["SKU-00", "SKU-01", "SKU-01"]


def test_only_what_was_drawn_is_spent(mill: Mill) -> None:
    mill.provider.withheld.add("a bikini")
    handed_in(mill, 4 * PRICE, job(n=4, prompt="a bikini"))
    mill.let_time_pass()
    turn(mill)
    assert (status(mill).partial, purse(mill)) == (1, Figures(4 * PRICE, 3 * PRICE, 0))


def test_money_that_came_back_between_refusal_and_parking_wakes_the_batch(mill: Mill) -> None:
    first, second = handed_in(mill, PRICE, *jobs(2))
    mill.desk.step("submit", first)
    late = held(mill, second)
    refused = set_aside(late, mill.tools)
    assert isinstance(refused, TooDear)
    assert refused.why == "the batch's budget is reached: 0.00 of 0.16 CNY spent, 0.16 set aside"
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.MODERATED)))
    mill.ledger.client.zadd(f"mill:{{{LANE}}}:agenda", {first.ref: 0})
    (handout,) = mill.hand_out()
    mill.desk.step("poll", handout.claim)
    record(late, refused, mill.tools)
    assert status(mill).state == "running"
    turn(mill)
    assert (status(mill).failed, status(mill).succeeded) == (1, 1)


def test_a_parker_that_died_before_it_looked_again_is_made_good(mill: Mill) -> None:
    first, second = handed_in(mill, PRICE, *jobs(2))
    mill.desk.step("submit", first)
    assert isinstance(set_aside(held(mill, second), mill.tools), TooDear)
    mill.ledger.batch_purse(BATCH, "CNY").settle("SKU-00#1.0", 0)
    mill.ledger.batches.hold(BATCH, [LANE], Hold.BUDGET)
    mill.let_time_pass()
    for handout in mill.hand_out():
        if handout.state is JobState.RELEASED:
            mill.desk.step("submit", handout.claim)
    assert (status(mill).state, len(mill.provider.ordered)) == ("running", 1)
    turn(mill)
    assert status(mill).succeeded == 2


def test_a_worker_that_died_before_it_settled_is_made_good_while_parked(mill: Mill) -> None:
    first, second = handed_in(mill, PRICE, *jobs(2))
    mill.desk.step("submit", first)
    mill.desk.step("submit", second)
    assert status(mill).state == "parked: budget"
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.MODERATED)))
    ends_unsettled(mill, mill.due_again(JobState.RUNNING))
    assert purse(mill).reserved_micro == PRICE
    turn(mill)
    assert (status(mill).failed, status(mill).succeeded) == (1, 1)
    assert purse(mill) == Figures(PRICE, PRICE, 0)


def test_a_worker_that_died_before_it_settled_is_made_good_at_sealing(mill: Mill) -> None:
    (claim,) = handed_in(mill, PRICE, job())
    mill.desk.step("submit", claim)
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.MODERATED)))
    ends_unsettled(mill, mill.due_again(JobState.RUNNING))
    mill.hand_out()
    assert purse(mill) == Figures(PRICE, 0, 0)


def ends_unsettled(mill: Mill, claim: Claim) -> None:
    """A polled job ends, and its worker dies right then."""
    job_ = held(mill, claim)
    mill.ledger.jobs.move(claim, job_.record.chunk, _move(job_, steps.poll(job_, mill.tools)))


def test_what_may_have_been_paid_for_counts_as_spent(mill: Mill) -> None:
    (claim,) = handed_in(mill, PRICE, job())
    mill.provider.take_in(job("strange"))
    mill.lose(claim)
    mill.desk.step("reconcile", mill.settled())
    assert mill.result(claim).state is JobState.UNCERTAIN
    assert purse(mill) == Figures(PRICE, PRICE, 0)
    mill.hand_out()
    assert purse(mill) == Figures(PRICE, PRICE, 0)


@pytest.mark.parametrize(
    "answer",
    [Refused(trouble(ErrorClass.THROTTLED)), Refused(trouble(ErrorClass.TRANSIENT))],
    ids=["throttled", "stumbled"],
)
def test_an_order_that_waits_keeps_its_money(mill: Mill, answer: SubmitAnswer) -> None:
    (claim,) = handed_in(mill, PRICE, job())
    mill.provider.to_submit.append(answer)
    mill.desk.step("submit", claim)
    assert purse(mill) == Figures(PRICE, 0, PRICE)
    mill.let_time_pass()
    turn(mill)
    assert (status(mill).succeeded, purse(mill)) == (1, Figures(PRICE, PRICE, 0))


def test_an_order_that_never_arrived_keeps_its_money_for_the_next(mill: Mill) -> None:
    (claim,) = handed_in(mill, PRICE, job())
    mill.lose(claim, arrived=False)
    turn(mill)
    assert (status(mill).succeeded, purse(mill)) == (1, Figures(PRICE, PRICE, 0))


def test_a_cancelled_row_gives_its_money_back(mill: Mill) -> None:
    (claim,) = handed_in(mill, PRICE, job())
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.THROTTLED)))
    mill.desk.step("submit", claim)
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    turn(mill)
    assert (status(mill).cancelled, purse(mill)) == (1, Figures(PRICE, 0, 0))


def test_a_parked_batch_can_be_cancelled(mill: Mill) -> None:
    for claim in handed_in(mill, PRICE, *jobs(3)):
        mill.desk.step("submit", claim)
    assert status(mill).state == "parked: budget"
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    turn(mill)
    found = status(mill)
    assert (found.state, found.succeeded, found.cancelled) == ("finished", 1, 2)
    assert not mill.ledger.client.exists(batch_purse_keys(BATCH, "CNY").refused)


def test_sealing_twice_spends_once(mill: Mill) -> None:
    (claim,) = handed_in(mill, 2 * PRICE, job())
    mill.desk.step("submit", claim)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    for _ in range(2):
        chores.seal(LANE, chunk(), mill.tools)
    assert purse(mill) == Figures(2 * PRICE, PRICE, 0)
