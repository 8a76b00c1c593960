"""Batches at a provider that loses answers, before and after it takes an order, among strangers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ledger.keys import LaneKeys
from ledger.opening import Ledger
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.result import JobResult
from schemas.states import BatchState, JobState
from tests.steps.ageing import LONG_S, age
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from worker.providers.port import Accepted, NotSent, Refused, SubmitAnswer, Unanswered

JOBS = 10
MOST_TURNS = 400
PROMPTS = ("a cat with a straw hat", "a dog with a bowler hat", "a mug", "青瓷茶杯")
STRANGE = ("a castle", "a knight and a dragon", "城堡")
T = TypeVar("T")


class ProcessDied(Exception):
    """A worker was killed while it ordered."""


class World:
    """A mill and its provider, with a lot of bad luck."""

    def __init__(self, mill: Mill, draw: st.DataObject) -> None:
        self.mill = mill
        self.exclusive = draw.draw(st.booleans(), "exclusive")
        self.policy = draw.draw(st.sampled_from(["hold", "hold", "resubmit"]), "on_uncertain")
        mill.configure(self.policy, exclusive=self.exclusive)
        mill.provider.echoes = draw.draw(st.booleans(), "echoes")
        mill.provider.to_submit.extend(draw.draw(_some(self._fates()), "orders"))
        mill.provider.to_list.extend(draw.draw(_some(LISTS), "lists"))
        self.passing_s = deque(draw.draw(_some([0.0, 2.0, 20.0, LONG_S]), "time passes"))
        self.strangers = deque(draw.draw(_some(["", "", *STRANGE]), "strangers"))

    def _fates(self) -> list[Callable[[Job], SubmitAnswer]]:
        return [
            self.mill.provider.take,
            self.mill.provider.take_and_say_nothing,
            self.mill.provider.take_and_say_nothing,
            self.vanish,
            self.die_before,
            self.die_after,
            self.answer_late,
            self.refuse,
        ]

    def vanish(self, _: Job) -> SubmitAnswer:
        return Unanswered("the line dropped")

    def refuse(self, _: Job) -> SubmitAnswer:
        return Refused(trouble(ErrorClass.THROTTLED))

    def die_before(self, _: Job) -> SubmitAnswer:
        raise ProcessDied

    def die_after(self, order: Job) -> SubmitAnswer:
        self.mill.provider.take_in(order)
        raise ProcessDied

    def answer_late(self, order: Job) -> SubmitAnswer:
        """The sender is frozen; meanwhile its lease ends, and others look for its order."""
        ticket = self.mill.provider.take_in(order)
        age(self.mill.ledger, self.mill.provider, self.passing_s.popleft() if self.passing_s else 0)
        due = {f"{BATCH}/{order.id}": 0}
        self.mill.ledger.client.zadd(LaneKeys(LANE).agenda, due, xx=True)
        for handout in self.mill.hand_out():
            if handout.state is JobState.SUBMITTING:
                self.mill.other_desk.step("reconcile", handout.claim)
        return Accepted(ticket)

    def pass_time(self) -> None:
        """Some of it, then all of it."""
        passed_s = self.passing_s.popleft() if self.passing_s else LONG_S
        age(self.mill.ledger, self.mill.provider, passed_s)
        self.mill.let_time_pass()

    def turn(self) -> None:
        """One tick, and all the work it gives; strangers order too where they may."""
        mill = self.mill
        stranger = self.strangers.popleft() if self.strangers else ""
        if stranger and not self.exclusive:
            mill.provider.take_in(job("a stranger", prompt=stranger))
        mill.ledger.fleet.report_in("worker-1", 8)
        mill.dispatcher.tick()
        messages, mill.outbox.messages = mill.outbox.messages, deque()
        for message in messages:
            try:
                mill.work(message)
            except ProcessDied:
                event("a worker died")
        self.pass_time()


LISTS = [
    lambda page: page,
    lambda page: page,
    lambda _: Unanswered("a page is missing"),
    lambda _: NotSent("no route"),
    lambda _: Refused(trouble(ErrorClass.THROTTLED)),
]


def _some(choices: Sequence[T]) -> st.SearchStrategy[list[T]]:
    return st.lists(st.sampled_from(choices), max_size=30)


@settings(max_examples=25, deadline=None)
@given(draw=st.data())
def test_no_row_is_paid_for_twice_and_none_gets_anothers_picture(
    session_ledger: Ledger, draw: st.DataObject
) -> None:
    session_ledger.client.flushall()
    with TemporaryDirectory() as folder:
        mill = Mill(session_ledger, Path(folder))
        world = World(mill, draw)
        mill.hand_in([job(f"SKU-{i}", prompt=PROMPTS[i % len(PROMPTS)]) for i in range(JOBS)])
        found = turned(world)
        assert len(found) == JOBS
        for result in found:
            event(f"{world.policy}: {result.state}")
            assert_paid_once(mill, result, may_double=world.policy == "resubmit")
        assert_counted(mill, found)


def turned(world: World) -> list[JobResult]:
    """How all its jobs end."""
    for _ in range(MOST_TURNS):
        world.turn()
        if world.mill.ledger.batches.state(BATCH) is BatchState.FINISHED:
            lines = world.mill.storage.get("batches/night/results.jsonl").decode().splitlines()
            return [JobResult.model_validate_json(line) for line in lines]
    raise AssertionError(f"not finished after {MOST_TURNS} turns")


def assert_paid_once(mill: Mill, result: JobResult, *, may_double: bool) -> None:
    taken = {t for t, order in mill.provider.accepted.items() if order.id == result.id}
    assert result.state in (JobState.SUCCEEDED, JobState.UNCERTAIN), result
    assert may_double or not result.possible_double_charges
    maybe = result.possible_double_charges + (result.state is JobState.UNCERTAIN)
    sure = result.state is JobState.SUCCEEDED
    assert len(taken) <= maybe + sure, f"ordered {len(taken)} times: {result}"
    if sure:
        assert result.ticket in taken, f"{result.ticket} is not its own"
    assert (result.at_risk_micro > 0) == (result.state is JobState.UNCERTAIN)


def assert_counted(mill: Mill, found: list[JobResult]) -> None:
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    states = Counter(result.state for result in found)
    assert {state: getattr(status, state) for state in states} == states
    doubles = sum(result.possible_double_charges for result in found)
    assert status.possible_double_charges == doubles
    unpaid = doubles + states[JobState.UNCERTAIN]
    assert status.at_risk == ({"CNY": f"{0.16 * unpaid:.2f}"} if unpaid else {})


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_quiet_world_loses_no_row(mill: Mill, exclusive: bool) -> None:
    mill.configure(exclusive=exclusive)
    mill.provider.echoes = True
    mill.hand_in([job("cat", prompt=PROMPTS[0]), job("dog", prompt=PROMPTS[1])])
    cat, dog = (handout.claim for handout in mill.hand_out())
    mill.lose(cat)
    mill.lose(dog, arrived=False)
    age(mill.ledger, mill.provider)
    mill.let_time_pass()
    for handout in mill.hand_out():
        mill.desk.step("reconcile", handout.claim)
    assert [mill.record(claim)["state"] for claim in (cat, dog)] == ["running", "pending"]
