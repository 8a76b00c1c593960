"""Looks at the provider's task list that fail, lie, are late, or are given up just then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.keys import LaneKeys
from ledger.looks import LOOK
from ledger.moves import Claim
from ledger.opening import Ledger
from schemas.failure import ErrorClass
from schemas.lane import Lane
from schemas.states import BatchState, JobState
from tests.shared_token import ProcessToken
from tests.steps.looking import end, forward, known, learn, next_look_s, ordered, poll, wait_s
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import ToList, done, trouble
from worker.accounts import Accounts, ProviderUnavailable
from worker.looking import PAUSE_S
from worker.policy.looking import DISTRUST, UNFILTERED_MOST
from worker.providers.port import (
    ListedTask,
    NoTaskList,
    NotSent,
    PollAnswer,
    Refused,
    StillRunning,
    TaskListAnswer,
    TaskPage,
    Unanswered,
)
from worker.tasks import Desk


def hand_out_one(mill: Mill) -> Claim:
    """A job that is about to be ordered."""
    mill.hand_in([job("SKU-late")], batch="late")
    (handout,) = [found for found in mill.hand_out() if found.state is JobState.RELEASED]
    return handout.claim


def test_an_order_under_way_while_looks_are_given_up_is_looked_at_by_itself(mill: Mill) -> None:
    ordered(mill)
    late = hand_out_one(mill)
    mill.provider.meanwhile = lambda: mill.ledger.looks.end(LANE, PAUSE_S)
    mill.desk.step("submit", late)
    assert mill.record(late)["state"] == "running"
    assert wait_s(mill, late) < 2


def test_a_task_that_came_while_the_list_was_looked_at_is_not_forgotten(mill: Mill) -> None:
    ordered(mill)
    late = hand_out_one(mill)

    def takes_long(_: TaskListAnswer) -> TaskListAnswer:
        mill.desk.step("submit", late)
        assert wait_s(mill, late) > 10, "it relies on this very look"
        return Unanswered("not whole")

    mill.provider.to_list.append(takes_long)
    mill.desk.look(LANE)
    assert wait_s(mill, late) < 2


def test_a_look_of_its_own_relies_on_no_look_that_is_given_up_meanwhile(mill: Mill) -> None:
    claims = ordered(mill)

    def given_up(_: str) -> PollAnswer:
        mill.ledger.looks.end(LANE, PAUSE_S)
        return StillRunning(queued=False)

    mill.provider.to_poll.append(given_up)
    poll(mill, claims[0])
    assert wait_s(mill, claims[0]) < 2


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
    claims = ordered(mill)
    failure = trouble(ErrorClass.ACCOUNT, "NoKey")
    mill.providers.unavailable = ProviderUnavailable(failure)
    mill.desk.look(LANE)
    assert next_look_s(mill) is None
    assert all(wait_s(mill, claim) < 2 for claim in claims)


def test_looks_of_an_account_this_worker_does_not_know_are_put_off(mill: Mill) -> None:
    """Its settings were edited, and only the other workers have read them yet."""
    lane = str(Lane.parse(LANE)._replace(account="second"))
    mill.hand_in([job(lane=lane)])
    (handout,) = mill.hand_out(lane)
    mill.desk.step("submit", handout.claim)
    default = mill.tools.settings.accounts["default"]
    known_here = mill.tools.settings.model_copy(update={"accounts": {"default": default}})
    accounts = Accounts(known_here, lambda _provider, _account: ProcessToken())
    tools = replace(mill.tools, settings=known_here, providers=accounts)
    Desk(tools, mill.heartbeat).look(lane)
    assert mill.ledger.client.zscore(LaneKeys(lane).chores, LOOK) is None
    assert wait_s(mill, handout.claim) < 2


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
