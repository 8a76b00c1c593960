"""Lost orders: lists that do not come, come in pages, or come too late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.ageing import age
from tests.steps.mill import LANE, Mill, job
from tests.steps.scripted_provider import PAGE_SIZE, trouble
from worker.accounts import ProviderUnavailable
from worker.providers.port import NotSent, Refused, TaskListAnswer, TaskPage, Unanswered
from worker.reconciling import GIVE_UP_LOOKS, GIVE_UP_S, LISTED_S, MOST_ASKED

NO_ANSWER = {
    "stumbles": Refused(trouble(ErrorClass.TRANSIENT)),
    "garbage": Refused(trouble(ErrorClass.INVALID)),
    "not sent": NotSent("no route"),
    "unanswered": Unanswered("a page is missing"),
}


def look(mill: Mill) -> Claim:
    """The lost order is looked for, once it is its turn."""
    claim = mill.due_again(JobState.SUBMITTING)
    mill.desk.step("reconcile", claim)
    return claim


def give_up_message(mill: Mill, claim: Claim) -> str:
    result = mill.result(claim)
    assert result.state is JobState.UNCERTAIN
    return result.failures[0].message


@pytest.mark.parametrize("answer", NO_ANSWER.values(), ids=NO_ANSWER)
def test_a_list_that_does_not_come_is_asked_for_again(mill: Mill, answer: TaskListAnswer) -> None:
    mill.configure(exclusive=True)
    claim = mill.lost()
    age(mill.ledger, mill.provider)
    for looks in range(1, 4):
        mill.provider.to_list.append(answer)
        look(mill)
        found = mill.record(claim)
        assert (found["state"], found["troubles"]) == ("submitting", str(looks))
    look(mill)
    assert mill.record(claim)["ticket"] == "task-1"
    assert len(mill.provider.ordered) == 1


def test_too_many_questions_pause_the_account_and_conclude_nothing(mill: Mill) -> None:
    claim = mill.lost(arrived=False)
    age(mill.ledger, mill.provider)
    mill.provider.to_list.append(Refused(trouble(ErrorClass.THROTTLED), retry_after_s=7.0))
    look(mill)
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 6 < wait_s <= 7
    assert mill.record(claim)["state"] == "submitting"
    assert mill.ledger.poll_bucket("dashscope", "default").take(1000, 1, patience_s=0).wait_s > 5


def test_a_key_that_is_refused_stops_the_lane_and_concludes_nothing(mill: Mill) -> None:
    claim = mill.lost(arrived=False)
    age(mill.ledger, mill.provider)
    mill.provider.to_list.append(Refused(trouble(ErrorClass.ACCOUNT)))
    look(mill)
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert (status.stopped, mill.record(claim)["state"]) == (
        "Oops: a reason for people",
        "submitting",
    )


def test_a_worker_without_the_key_leaves_it_to_another(mill: Mill) -> None:
    claim = mill.lost()
    age(mill.ledger, mill.provider)
    mill.providers.unavailable = ProviderUnavailable(trouble(ErrorClass.ACCOUNT, "no-key"))
    for _ in range(7):
        look(mill)
    mill.poison(mill.due_again(JobState.SUBMITTING))
    assert mill.record(claim)["state"] == "submitting"


def test_a_question_that_is_not_its_turn_waits(mill: Mill) -> None:
    mill.configure(query_rate="1/min")
    claim = mill.lost(arrived=False)
    age(mill.ledger, mill.provider)
    mill.let_time_pass()
    (handout,) = mill.hand_out()
    assert mill.ledger.poll_bucket("dashscope", "default").take(1 / 60, 1, patience_s=0).booked
    mill.desk.step("reconcile", handout.claim)
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 50 < wait_s <= 60.1
    assert mill.provider.asked_lists == []


def test_a_busy_lanes_list_is_read_page_by_page(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.lost()
    known(mill, 2 * PAGE_SIZE)
    age(mill.ledger, mill.provider)
    look(mill)
    assert [page for *_, page in mill.provider.asked_lists] == [1, 1, 2, 3]
    assert mill.record(claim)["ticket"] == "task-1"


def test_once_the_providers_clock_is_known_less_is_asked_for(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.lost()
    late_s = 300.0
    right_s = mill.provider.now_s
    mill.provider.now_s = lambda: right_s() + late_s
    mill.provider.listed["task-1"] += late_s
    known(mill, PAGE_SIZE)
    age(mill.ledger, mill.provider)
    look(mill)
    assert mill.record(claim)["ticket"] == "task-1"
    (_, wide_from_s, wide_until_s, _), (_, from_s, until_s, _), *_ = mill.provider.asked_lists
    assert wide_until_s - wide_from_s > 1200
    assert until_s - from_s < 100
    assert from_s < mill.provider.listed["task-1"] < until_s


def known(mill: Mill, count: int) -> None:
    """Tasks that are somebody's, of the same moment."""
    for _ in range(count):
        ticket = mill.provider.take_in(job("known"))
        mill.ledger.client.zadd(LaneKeys(LANE).tickets, {ticket: mill.ledger.fleet.now_ms()})


def more_pages(answer: TaskListAnswer) -> TaskListAnswer:
    assert isinstance(answer, TaskPage)
    return replace(answer, pages=answer.pages + 1)


BROKEN_PAGES: dict[str, Callable[[TaskListAnswer], TaskListAnswer]] = {
    "it fails": lambda _: Unanswered("reset"),
    "there are more pages now": more_pages,
}


@pytest.mark.parametrize("breaks", BROKEN_PAGES.values(), ids=BROKEN_PAGES)
def test_half_a_list_concludes_nothing(
    mill: Mill, breaks: Callable[[TaskListAnswer], TaskListAnswer]
) -> None:
    claim = mill.lost(arrived=False)
    known(mill, PAGE_SIZE + 1)
    age(mill.ledger, mill.provider)
    mill.provider.to_list.extend([as_it_is, as_it_is, breaks])
    look(mill)
    assert len(mill.provider.asked_lists) == 3
    assert mill.record(claim)["state"] == "submitting"
    look(mill)
    assert mill.record(claim)["state"] == "pending"


def as_it_is(answer: TaskListAnswer) -> TaskListAnswer:
    return answer


def test_a_list_without_a_time_leaves_it_to_a_person(mill: Mill) -> None:
    claim = mill.lost()
    age(mill.ledger, mill.provider)
    mill.provider.to_list.append(TaskPage((), 0, None))
    look(mill)
    assert give_up_message(mill, claim) == "the line dropped; the provider does not tell its time"


def test_a_list_too_long_leaves_it_to_a_person(mill: Mill) -> None:
    claim = mill.lost()
    age(mill.ledger, mill.provider)
    mill.provider.to_list.extend(50 * [many_pages] + [many_pages])
    look(mill)
    assert "the provider lists too many tasks of that time" in give_up_message(mill, claim)


def many_pages(answer: TaskListAnswer) -> TaskListAnswer:
    assert isinstance(answer, TaskPage)
    return replace(answer, pages=51)


def test_too_many_strangers_are_not_asked(mill: Mill) -> None:
    claim = mill.lost()
    for _ in range(MOST_ASKED):
        mill.provider.take_in(job("strange"))
    age(mill.ledger, mill.provider)
    look(mill)
    assert "31 tasks of that moment are nobody's" in give_up_message(mill, claim)
    assert mill.provider.polled == []


def test_orders_so_many_that_tickets_were_forgotten_leave_it_to_a_person(mill: Mill) -> None:
    claim = mill.lost(arrived=False)
    age(mill.ledger, mill.provider)
    mill.ledger.client.hset(
        LaneKeys(LANE).tally, "tickets_from_ms", mill.ledger.fleet.now_ms() - 99_000
    )
    look(mill)
    assert "too many orders followed it" in give_up_message(mill, claim)


def test_after_an_hour_without_a_list_a_person_decides(mill: Mill) -> None:
    claim = mill.lost()
    age(mill.ledger, mill.provider, GIVE_UP_S)
    for _ in range(GIVE_UP_LOOKS):
        mill.provider.to_list.append(Unanswered("reset"))
        look(mill)
        assert mill.record(claim)["state"] == "submitting"
    mill.provider.to_list.append(Unanswered("reset"))
    look(mill)
    message = give_up_message(mill, claim)
    assert message == "the line dropped; the provider's task list gave no answer for an hour"


def test_a_mill_that_slept_for_hours_still_looks(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.lost()
    age(mill.ledger, mill.provider, LISTED_S - 60)
    look(mill)
    assert mill.record(claim)["ticket"] == "task-1"


def test_a_list_that_has_forgotten_proves_nothing(mill: Mill) -> None:
    claim = mill.lost(arrived=False)
    age(mill.ledger, mill.provider, LISTED_S + 60)
    look(mill)
    assert "it is too old to be in the provider's task list" in give_up_message(mill, claim)
    assert (mill.provider.asked_lists, len(mill.provider.ordered)) == ([], 1)
