"""A worker that dies at any of its calls to the ledger: the job comes back, and ends as it should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError
from ledger.keys import IN_MOTION
from ledger.moves import Claim
from ledger.opening import Ledger
from ledger.purse import Day, Figures
from schemas.batch import Hold
from schemas.failure import ErrorClass
from schemas.job import Again, Job
from schemas.states import JobState
from tests.steps.earlier_pictures import kept
from tests.steps.looking import learn
from tests.steps.mill import BATCH, LANE, Mill, chunk, job
from tests.steps.scripted_provider import trouble
from tests.steps.turning import turned
from tests.steps.watched_ledger import Wire, watched_ledger
from tests.valkey import Valkey
from worker import chores
from worker.providers.port import Accepted, PollAnswer, SubmitAnswer, TaskFailed
from worker.tasks import MOST_TAKES

PRICE = 160_000
CAP = Day(100 * 1_000_000)
MOST_TURNS = 60
MOST_CALLS = 40
Act = Callable[[Mill], object]
ONE, TWO = job("SKU-1"), job("SKU-2", line=3)
TOP_UP = job("SKU-1", n=4, again=Again(round=2, kept=kept("SKU-1", 1, 3), cost_micro=2 * PRICE))


@dataclass(frozen=True)
class Scene:
    """What was before, and how the rows end whatever happened to the worker."""

    prepare: Callable[[Mill, list[Claim]], Act]
    """Goes on from released jobs; returns what is done by the worker that dies."""
    ends: tuple[JobState, ...]
    spent: int
    """Pictures that are paid for, or may be."""
    jobs: tuple[Job, ...] = (ONE,)
    budget: int = 20
    settings: dict[str, Any] = field(default_factory=dict)


def step(name: str, claim: Claim) -> Act:
    return lambda mill: mill.desk.step(name, claim)


def order(_: Mill, claims: list[Claim]) -> Act:
    return step("submit", claims[-1])


def reconcile(mill: Mill, claims: list[Claim], *, arrived: bool = True, strangers: int = 0) -> Act:
    for _ in range(strangers):
        mill.provider.take_in(job("strange"))
    mill.lose(claims[0], arrived=arrived)
    return step("reconcile", mill.settled())


def poison(mill: Mill, claims: list[Claim]) -> Act:
    mill.provider.take_in(job("strange"))
    mill.lose(claims[0])
    claim = mill.settled()
    for _ in range(MOST_TAKES):
        mill.ledger.jobs.take(claim)
    return step("reconcile", claim)


def bring_late(mill: Mill, claims: list[Claim]) -> Act:
    def take(one: Job) -> SubmitAnswer:
        ticket = mill.provider.take_in(one)
        mill.other_desk.step("reconcile", mill.due_again(JobState.SUBMITTING))
        return Accepted(ticket)

    mill.provider.to_submit.append(take)
    return step("submit", claims[0])


def park(mill: Mill, claims: list[Claim]) -> Act:
    def told(ticket: str) -> PollAnswer:
        failed = mill.provider.accepted[ticket].id == ONE.id
        moderated = TaskFailed(trouble(ErrorClass.MODERATED))
        return moderated if failed else mill.provider.drawn(ticket)

    mill.provider.to_poll.extend([told] * MOST_CALLS)
    mill.desk.step("submit", claims[0])
    return step("submit", claims[1])


def wake(mill: Mill, claims: list[Claim]) -> Act:
    park(mill, claims)(mill)
    return step("poll", mill.due_again(JobState.RUNNING))


def withdraw_job(mill: Mill, claims: list[Claim]) -> Act:
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    mill.desk.step("submit", claims[0])
    (handout,) = mill.hand_out()
    return step("cancel", handout.claim)


def withdraw_task(mill: Mill, claims: list[Claim], *, in_time: bool = True) -> Act:
    mill.provider.busy = in_time
    mill.desk.step("submit", claims[0])
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    return step("poll", mill.due_again(JobState.RUNNING))


def end(mill: Mill, claims: list[Claim]) -> Act:
    mill.desk.step("submit", claims[0])
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    return step("store", mill.due_again(JobState.STORING))


def look_and_store(mill: Mill, claims: list[Claim]) -> Act:
    mill.desk.step("submit", claims[0])
    claim = mill.due_again(JobState.RUNNING)
    return lambda dying: dying.desk.go("poll", claim)


def all_at_once(mill: Mill, claims: list[Claim]) -> Act:
    learn(mill, 0.02)
    return lambda dying: dying.desk.go("submit", claims[0])


def seal(mill: Mill, claims: list[Claim]) -> Act:
    end(mill, claims)(mill)
    mill.ledger.lanes.tick([LANE], 30, 100)
    return lambda dying: chores.seal(LANE, chunk(), dying.tools)


def close(mill: Mill, claims: list[Claim]) -> Act:
    end(mill, claims)(mill)
    mill.hand_out()
    return lambda dying: dying.desk.close(BATCH)


EXCLUSIVE = {"exclusive": True}
WELL, OPEN = (JobState.SUCCEEDED,), (JobState.UNCERTAIN,)
GONE, BOTH = (JobState.CANCELLED,), (JobState.FAILED, JobState.SUCCEEDED)
SCENES = {
    "an order": Scene(order, WELL, 1, settings=EXCLUSIVE),
    "a top-up": Scene(order, WELL, 2, jobs=(TOP_UP,), settings=EXCLUSIVE),
    "adopted": Scene(reconcile, WELL, 1, settings=EXCLUSIVE),
    "absent": Scene(partial(reconcile, arrived=False), WELL, 1),
    "uncertain": Scene(partial(reconcile, strangers=1), OPEN, 1),
    "sent again": Scene(
        partial(reconcile, strangers=1), WELL, 2, settings={"on_uncertain": "resubmit"}
    ),
    "poisoned": Scene(poison, OPEN, 1),
    "a late ticket": Scene(bring_late, WELL, 1, settings=EXCLUSIVE),
    "too dear": Scene(park, BOTH, 1, jobs=(ONE, TWO), budget=1, settings=EXCLUSIVE),
    "money back": Scene(wake, BOTH, 1, jobs=(ONE, TWO), budget=1),
    "withdrawn": Scene(withdraw_job, GONE, 0),
    "withdrawn at the provider": Scene(withdraw_task, GONE, 0),
    "withdrawn too late": Scene(partial(withdraw_task, in_time=False), WELL, 1),
    "ended": Scene(end, WELL, 1),
    "looked and stored": Scene(look_and_store, WELL, 1),
    "all at once": Scene(all_at_once, WELL, 1, settings=EXCLUSIVE),
    "sealed": Scene(seal, WELL, 1),
    "closed": Scene(close, WELL, 1),
}


@pytest.mark.parametrize("answer_lost", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_whenever_a_worker_dies_the_rows_end_well(
    valkey: Valkey, ledger: Ledger, tmp_path: Path, scene: Scene, answer_lost: bool
) -> None:
    for point in range(1, MOST_CALLS):
        ledger.client.flushall()
        mill = Mill(ledger, tmp_path / str(point))
        mill.configure(**{"daily_cap": "100CNY"} | scene.settings)
        document = mill.hand_in(list(scene.jobs))
        mill.ledger.batches.set_budget(document, "CNY", scene.budget * PRICE)
        act = scene.prepare(mill, [handout.claim for handout in mill.hand_out()])
        died = dies_at(valkey, mill, act, Wire(point, answer_lost=answer_lost))
        assert_ends_well(mill, scene)
        if not died:
            return
    raise AssertionError(f"still at work after {MOST_CALLS} calls")


def dies_at(valkey: Valkey, mill: Mill, act: Act, wire: Wire) -> bool:
    """Whether the worker that acts lived long enough to die."""
    with watched_ledger(valkey.port, wire) as watched:
        try:
            act(mill.twin(watched))
        except LedgerError:
            return True
    return False


def assert_ends_well(mill: Mill, scene: Scene) -> None:
    results = turned(mill)
    assert tuple(result.state for result in results) == scene.ends
    taken = Counter(order.id for order in mill.provider.accepted.values())
    for result in results:
        assert taken[result.id] <= 1 + result.possible_double_charges
    spent = Figures(scene.budget * PRICE, scene.spent * PRICE, 0)
    assert mill.ledger.batch_purse(BATCH, "CNY").read() == spent
    cap = mill.ledger.account_purse("dashscope", "default", "CNY", CAP).read()
    assert cap == Figures(CAP.limit_micro, scene.spent * PRICE, 0)
    keys = [str(key) for key in mill.ledger.client.scan_iter("mill:*")]
    assert [key for key in keys if IN_MOTION.fullmatch(key)] == []
