"""A look at the provider's task list: what it tells brings tasks forward, and is never relied on."""

from __future__ import annotations

import pytest

from schemas import queues
from schemas.batch import Hold
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.looking import end, forward, known, learn, next_look_s, ordered, poll, wait_s
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from worker.policy.looking import FEW, UNFILTERED_MOST
from worker.providers.port import (
    TaskFailed,
    TaskListAnswer,
    TaskPage,
)


def test_a_few_tasks_are_looked_at_one_by_one(mill: Mill) -> None:
    claims = ordered(mill, FEW - 1)
    assert next_look_s(mill) is None
    assert all(wait_s(mill, claim) < 2 for claim in claims)


def test_several_tasks_are_looked_at_together_and_later_by_themselves(mill: Mill) -> None:
    claims = ordered(mill)
    look_in_s = next_look_s(mill)
    assert look_in_s is not None
    assert look_in_s < 1
    assert wait_s(mill, claims[-1]) > 10


def test_what_has_ended_is_asked_for_at_once_and_nothing_else(mill: Mill) -> None:
    claims = ordered(mill)
    end(mill, claims[1])
    before = [wait_s(mill, claim) for claim in claims]
    mill.desk.look(LANE)
    assert forward(mill, claims) == [claims[1]]
    assert wait_s(mill, claims[1]) <= 0
    later = [wait_s(mill, claim) for claim in claims]
    assert all(later[i] == pytest.approx(before[i], abs=1) for i in (0, 2, 3))
    assert mill.provider.polled == []
    assert next_look_s(mill) is not None


def test_every_picture_costs_one_query_of_its_own(mill: Mill) -> None:
    claims = ordered(mill)
    for claim in claims:
        end(mill, claim)
        mill.desk.look(LANE)
        poll(mill, claim)
    assert sorted(mill.provider.polled) == sorted(mill.provider.accepted)
    assert {mill.record(claim)["state"] for claim in claims} == {"storing"}
    mill.desk.look(LANE)
    assert next_look_s(mill) is None


def test_the_dispatcher_has_the_list_looked_at_among_the_queries(mill: Mill) -> None:
    ordered(mill)
    mill.let_time_pass()
    mill.ledger.fleet.report_in("worker-1", 8)
    mill.dispatcher.tick()
    looks = [message for message in mill.outbox.messages if message.args == (LANE,)]
    assert [(look.queue, look.task) for look in looks] == [(queues.POLL, queues.step_task("look"))]


@pytest.mark.parametrize("hold", [Hold.PAUSE, Hold.BUDGET])
def test_a_batch_on_hold_and_a_stopped_lane_are_looked_after(mill: Mill, hold: Hold) -> None:
    claims = ordered(mill)
    mill.ledger.batches.hold(BATCH, [LANE], hold)
    mill.ledger.lanes.stop(LANE, "arrears")
    end(mill, *claims)
    mill.let_time_pass()
    mill.turn()
    assert mill.provider.asked_lists


def test_tasks_that_are_drawn_are_read_page_by_page(mill: Mill) -> None:
    learn(mill)
    claims = ordered(mill, UNFILTERED_MOST + 30)
    end(mill, claims[7])
    mill.desk.look(LANE)
    assert [page for *_, page in mill.provider.asked_lists] == [2, 1]
    assert forward(mill, claims) == [claims[7]]


def test_what_ends_between_two_pages_passes_nobody_over(mill: Mill) -> None:
    learn(mill)
    claims = ordered(mill, UNFILTERED_MOST + 30)

    def then_ten_end(answer: TaskListAnswer) -> TaskListAnswer:
        end(mill, *claims[-10:])
        return answer

    mill.provider.to_list.append(then_ten_end)
    mill.desk.look(LANE)
    assert set(forward(mill, claims)) <= set(claims[-10:])


def test_more_pages_than_expected_are_read_from_the_last(mill: Mill) -> None:
    """Somebody else orders through the account, too."""
    learn(mill)
    claims = ordered(mill, UNFILTERED_MOST + 1)
    for number in range(150):
        mill.provider.drawing.add(mill.provider.take_in(job(f"foreign-{number}")))
    end(mill, claims[3])
    mill.desk.look(LANE)
    assert [page for *_, page in mill.provider.asked_lists] == [1, 3, 2, 1]
    assert forward(mill, claims) == [claims[3]]


def test_before_anything_was_learned_the_oldest_are_asked_for(mill: Mill) -> None:
    claims = ordered(mill, UNFILTERED_MOST + 30)
    end(mill, claims[7], claims[-1])
    mill.desk.look(LANE)
    assert forward(mill, claims) == [claims[7]]


def test_what_is_missing_where_the_clocks_differ_proves_nothing(mill: Mill) -> None:
    learn(mill)
    claims = ordered(mill, UNFILTERED_MOST + 1)
    mill.provider.to_list.append(TaskPage((), 0, mill.provider.now_s() + 3600))
    mill.desk.look(LANE)
    assert forward(mill, claims) == []
    assert known(mill).skew_s == pytest.approx(3600, abs=2)


def test_where_all_queries_are_taken_the_list_waits(mill: Mill) -> None:
    mill.configure(query_rate="1/s")
    claims = ordered(mill)
    mill.ledger.looks.begin(LANE, 0.5, 3.0)
    for _ in range(3):
        mill.ledger.poll_bucket("dashscope", "default").take(1, 1, patience_s=60)
    mill.desk.look(LANE)
    assert mill.provider.asked_lists == []
    look_in_s = next_look_s(mill)
    assert look_in_s is not None
    assert 1 < look_in_s < 3.5
    assert forward(mill, claims) == []


def test_a_new_order_of_a_job_is_looked_after_anew(mill: Mill) -> None:
    claims = ordered(mill)
    end(mill, claims[0])
    mill.desk.look(LANE)
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.TRANSIENT)))
    poll(mill, claims[0])
    assert mill.record(claims[0])["state"] == JobState.PENDING
    mill.let_time_pass()
    (again,) = [found for found in mill.hand_out() if found.state is JobState.RELEASED]
    mill.desk.step("submit", again.claim)
    assert mill.record(claims[0])["ticket"] in {task.ticket for task in known(mill).tasks}
