"""A look at the provider's task list: what it tells brings tasks forward, and is never relied on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.keys import LaneKeys
from ledger.looks import LOOK, LaneTasks
from ledger.moves import Claim
from ledger.opening import Ledger
from schemas import queues
from schemas.batch import Hold
from schemas.failure import ErrorClass
from schemas.states import BatchState, JobState
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import ToList, done, trouble
from worker.accounts import ProviderUnavailable
from worker.looking import PAUSE_S
from worker.policy.looking import DISTRUST, FEW, UNFILTERED_MOST
from worker.policy.polling import LEARNED_ENOUGH
from worker.providers.port import (
    ListedTask,
    NoTaskList,
    NotSent,
    Refused,
    TaskFailed,
    TaskListAnswer,
    TaskPage,
    Unanswered,
)

JOBS = 4


def ordered(mill: Mill, count: int = JOBS) -> list[Claim]:
    """Jobs whose tasks are all being drawn."""
    mill.hand_in([job(f"SKU-{number:03}") for number in range(count)])
    claims: list[Claim] = []
    while len(claims) < count:
        claims += [handout.claim for handout in mill.hand_out()]
    for claim in claims:
        mill.desk.step("submit", claim)
    mill.provider.drawing.update(mill.provider.accepted)
    return claims


def learn(mill: Mill, time_s: float = 0.001) -> None:
    for _ in range(LEARNED_ENOUGH):
        mill.ledger.jobs.learn(LANE, time_s)


def end(mill: Mill, *claims: Claim) -> None:
    """The tasks of these jobs have ended."""
    mill.provider.drawing -= {mill.record(claim)["ticket"] for claim in claims}


def next_look_s(mill: Mill) -> float | None:
    found = mill.ledger.client.zscore(LaneKeys(LANE).chores, LOOK)
    return None if found is None else (float(found) - mill.ledger.fleet.now_ms()) / 1000


def forward(mill: Mill, claims: list[Claim]) -> list[Claim]:
    return [claim for claim in claims if mill.record(claim).get("brought_forward")]


def wait_s(mill: Mill, claim: Claim) -> float:
    found = mill.wait_s(claim)
    assert found is not None
    return found


def known(mill: Mill) -> LaneTasks:
    return mill.ledger.looks.tasks(LANE)


def poll(mill: Mill, claim: Claim) -> None:
    """The moment of one job has come."""
    mill.ledger.client.zadd(LaneKeys(LANE).agenda, {claim.ref: 0})
    (handout,) = [found for found in mill.hand_out() if found.claim.ref == claim.ref]
    mill.desk.step("poll", handout.claim)


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


@pytest.mark.parametrize(
    "answer",
    [
        NotSent("no route"),
        Unanswered("not whole"),
        Refused(trouble(ErrorClass.TRANSIENT)),
        Refused(trouble(ErrorClass.ACCOUNT)),
        NoTaskList(),
    ],
)
def test_without_a_list_each_task_is_looked_at_by_itself(
    mill: Mill, answer: TaskListAnswer
) -> None:
    claims = ordered(mill)
    mill.provider.to_list.append(answer)
    mill.desk.look(LANE)
    assert next_look_s(mill) is None
    assert all(wait_s(mill, claim) < 2 for claim in claims)
    assert not mill.ledger.looks.begin(LANE, 0.5, 3.0), "not again for a while"
    poll(mill, claims[0])
    assert wait_s(mill, claims[0]) < 2


def test_too_many_questions_for_the_list_slow_the_accounts_questions(mill: Mill) -> None:
    ordered(mill)
    mill.provider.to_list.append(Refused(trouble(ErrorClass.THROTTLED), retry_after_s=9.0))
    mill.desk.look(LANE)
    bucket = mill.ledger.poll_bucket("dashscope", "default")
    assert not bucket.take(100_000, 1, patience_s=5).booked


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


def test_a_list_that_is_ahead_costs_a_query_and_is_trusted_less(mill: Mill) -> None:
    claims = ordered(mill)
    tickets = list(mill.provider.accepted)
    told = tuple(ListedTask(ticket, mill.provider.now_s(), ended=True) for ticket in tickets)
    mill.provider.to_list.append(TaskPage(told, 1, mill.provider.now_s()))
    mill.desk.look(LANE)
    assert forward(mill, claims) == claims
    for claim in claims:
        poll(mill, claim)
        assert mill.record(claim)["state"] == "running"
        assert wait_s(mill, claim) < 10, "by itself again"
    assert known(mill).false_alarms == len(claims)
    end(mill, *claims)
    for claim in claims:
        poll(mill, claim)
    assert known(mill).false_alarms == 0


def test_after_false_alarms_only_what_is_listed_as_ended_counts(mill: Mill) -> None:
    learn(mill)
    claims = ordered(mill, UNFILTERED_MOST + 1)
    mill.ledger.looks.count(LANE, "false_alarms", DISTRUST)
    mill.provider.to_list.append(TaskPage((), 0, mill.provider.now_s()))
    mill.desk.look(LANE)
    assert forward(mill, claims) == []


def test_a_list_that_is_behind_is_left_alone_for_a_while(mill: Mill) -> None:
    claims = ordered(mill, DISTRUST)
    mill.desk.look(LANE)
    for claim in claims:
        record = LaneKeys(LANE).job(claim.ref)
        mill.ledger.client.hincrby(record, "running_ms", -60_000)
        mill.provider.to_poll.append(done("task", 1, took_s=4.0))
        poll(mill, claim)
    assert known(mill).missed == DISTRUST
    asked = len(mill.provider.asked_lists)
    mill.desk.look(LANE)
    assert len(mill.provider.asked_lists) == asked
    assert next_look_s(mill) is None
    assert not mill.ledger.looks.begin(LANE, 0.5, 3.0)
    assert known(mill).missed == 0, f"once more after {PAUSE_S:g} s"


def test_a_worker_that_dies_in_a_look_changes_nothing(mill: Mill) -> None:
    claims = ordered(mill)
    end(mill, claims[0])
    mill.let_time_pass()
    assert mill.ledger.lanes.tick([LANE], 30.0, 100)[LANE].look

    def die(_: TaskListAnswer) -> TaskListAnswer:
        raise SystemExit

    before = known(mill).tasks
    mill.provider.to_list.append(die)
    with pytest.raises(SystemExit):
        mill.desk.look(LANE)
    assert known(mill).tasks == before
    look_in_s = next_look_s(mill)
    assert look_in_s is not None
    assert look_in_s > 25, "nobody else looks while it may be at it; then somebody does"
    assert all(mill.wait_s(claim) is not None for claim in claims)


def test_a_task_in_somebodys_hands_stays_there(mill: Mill) -> None:
    claims = ordered(mill)
    mill.ledger.client.zadd(LaneKeys(LANE).agenda, {claims[0].ref: 0})
    (handout,) = mill.hand_out()
    end(mill, *claims)
    mill.desk.look(LANE)
    assert forward(mill, claims) == claims[1:]
    assert wait_s(mill, claims[0]) > 25
    mill.desk.step("poll", handout.claim)
    assert mill.record(claims[0])["state"] == "storing"


def test_where_nobody_can_be_asked_looks_are_put_off(mill: Mill) -> None:
    ordered(mill)
    failure = trouble(ErrorClass.ACCOUNT, "NoKey")
    mill.providers.unavailable = ProviderUnavailable(failure)
    mill.desk.look(LANE)
    assert next_look_s(mill) is None


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


LIES: list[ToList] = [
    lambda answer: _shown(answer, ended=True),
    lambda answer: _shown(answer, ended=False),
    lambda answer: replace(answer, tasks=()) if isinstance(answer, TaskPage) else answer,
    Unanswered("not whole"),
    Refused(trouble(ErrorClass.THROTTLED), retry_after_s=0.02),
    NoTaskList(),
]


def _shown(answer: TaskListAnswer, *, ended: bool) -> TaskListAnswer:
    assert isinstance(answer, TaskPage)
    return replace(answer, tasks=tuple(replace(task, ended=ended) for task in answer.tasks))


def _die(_: TaskListAnswer) -> TaskListAnswer:
    raise RuntimeError("killed")


@settings(max_examples=10)
@given(lists=st.lists(st.sampled_from([*LIES, _die]), max_size=8))
def test_whatever_the_list_says_every_picture_comes_once(
    session_ledger: Ledger, lists: list[ToList]
) -> None:
    session_ledger.client.flushall()
    with TemporaryDirectory() as folder:
        mill = Mill(session_ledger, Path(folder))
        mill.provider.to_list.extend(lists)
        mill.hand_in([job(f"SKU-{number}") for number in range(5)])
        turned = 0
        while mill.ledger.batches.state(BATCH) is not BatchState.FINISHED:
            turned += 1
            assert turned < 60
            try:
                mill.turn()
            except RuntimeError:
                mill.outbox.messages.clear()  # a killed worker's messages are lost
            if turned < 4:
                mill.provider.drawing.update(mill.provider.accepted)
            else:
                mill.provider.drawing -= set(sorted(mill.provider.drawing)[:1])
            mill.let_time_pass()
        status = mill.ledger.batches.status(BATCH)
        assert status is not None
        assert (status.succeeded, len(mill.provider.accepted)) == (5, 5)
        assert len(mill.provider.ordered) == 5
