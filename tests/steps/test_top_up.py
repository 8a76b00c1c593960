"""A row of which some pictures are stored: only the others are ordered, with seeds of their own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.jobs import Record
from ledger.moves import Claim
from ledger.purse import Figures
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Again, Job
from schemas.lane import Lane
from schemas.model import Model
from schemas.result import JobResult
from schemas.states import JobState
from tests.steps.earlier_pictures import kept
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from worker.held import HeldJob
from worker.providers.port import Refused, SubmitAnswer, TaskFailed

PRICE = 160_000
SEED = 1000
MOST_SEED = 2_147_483_647
FIRST = Again(round=2, kept=kept("SKU-1", 1, 3), attempts=2, cost_micro=2 * PRICE)
SECOND_SEEDS = [SEED + 4, SEED + 5]
"""Round 1 drew four pictures with the four seeds before."""


def released(mill: Mill, again: Again = FIRST) -> Claim:
    return mill.released(n=4, parameters={"seed": SEED, "style": "<auto>"}, again=again)


def finished(mill: Mill, claim: Claim) -> JobResult:
    """How the row ends that is ordered now."""
    mill.desk.step("submit", claim)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    if mill.record(claim)["state"] == "storing":
        mill.desk.step("store", mill.due_again(JobState.STORING))
    return mill.result(claim)


def holding(order: Job, model: Model) -> HeldJob:
    """A job in a worker's hands."""
    record = Record(
        state=JobState.RELEASED,
        claim=1,
        attempts=0,
        chunk="night/00001/1",
        request=order.request_json(),
        fields={},
        limits=None,
        learned=(),
        now_ms=0,
    )
    claim = Claim(LANE, f"{BATCH}/{order.id}", 1)
    return HeldJob(claim, record, order, model, Lane.parse(LANE), model.limits)


def test_only_what_is_missing_is_ordered_and_stored(mill: Mill) -> None:
    result = finished(mill, released(mill))
    (order,) = mill.provider.ordered
    assert (order.n, order.parameters) == (2, {"seed": SECOND_SEEDS[0], "style": "<auto>"})
    assert (result.state, result.n) == (JobState.SUCCEEDED, 4)
    assert [image.index for image in result.images] == [1, 2, 3, 4]
    assert [image.seed for image in result.images] == [101, SECOND_SEEDS[0], 103, SECOND_SEEDS[1]]
    assert [mill.storage.get(f"batches/night/images/SKU-1_0{i}.png")[:4] for i in (2, 4)] == [
        b"\x89PNG"
    ] * 2
    assert (result.attempts, result.cost_micro, result.failures) == (3, 4 * PRICE, [])
    assert result.parameters["seed"] == SEED


def test_a_sidecar_says_what_was_ordered(mill: Mill) -> None:
    finished(mill, released(mill))
    seeds = []
    for index in (2, 4):
        sidecar = json.loads(mill.storage.get(f"batches/night/images/SKU-1_0{index}.json"))
        assert sidecar["parameters"]["seed"] == SECOND_SEEDS[0]
        seeds.append(sidecar["image"]["seed"])
    assert seeds == SECOND_SEEDS


def test_it_may_be_partial_again(mill: Mill) -> None:
    claim = mill.released(n=4, prompt="a bikini", again=FIRST)
    mill.provider.withheld.add("a bikini")
    result = finished(mill, claim)
    assert (result.state, result.cost_micro) == (JobState.PARTIAL, 3 * PRICE)
    assert [image.index for image in result.images] == [1, 2, 3]
    assert [failure.index for failure in result.failures] == [4]
    batch = mill.ledger.batches.status(BATCH)
    assert batch is not None
    assert (batch.partial, batch.images, batch.cost) == (1, 3, "0.48")


@pytest.mark.parametrize(
    "answer", [Refused(trouble(ErrorClass.INVALID)), Refused(trouble(ErrorClass.MODERATED))]
)
def test_a_refused_order_leaves_what_there_was(mill: Mill, answer: SubmitAnswer) -> None:
    claim = released(mill)
    mill.provider.to_submit.append(answer)
    mill.desk.step("submit", claim)
    result = mill.result(claim)
    assert (result.state, result.cost_micro, result.attempts) == (JobState.PARTIAL, 2 * PRICE, 3)
    assert [image.index for image in result.images] == [1, 3]
    assert len(result.failures) == 1


def test_a_failed_task_leaves_what_there_was(mill: Mill) -> None:
    claim = released(mill)
    mill.provider.to_poll.append(TaskFailed(trouble(ErrorClass.MODERATED)))
    result = finished(mill, claim)
    assert (result.state, result.cost_micro, len(result.images)) == (JobState.PARTIAL, 2 * PRICE, 2)


def test_a_lost_order_leaves_what_there_was_and_says_what_it_may_cost(mill: Mill) -> None:
    claim = released(mill)
    mill.provider.take_in(job("strange"))
    mill.lose(claim)
    mill.desk.step("reconcile", mill.settled())
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.UNCERTAIN, 2 * PRICE)
    assert (result.at_risk_micro, len(result.images)) == (2 * PRICE, 2)


def test_a_lost_order_that_is_found_is_stored_in_its_places(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = released(mill)
    mill.lose(claim)
    mill.desk.step("reconcile", mill.settled())
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert [image.index for image in mill.result(claim).images] == [1, 2, 3, 4]


def test_only_what_is_missing_is_set_aside(mill: Mill) -> None:
    document = mill.hand_in([job(n=4, again=FIRST)])
    mill.ledger.batches.set_budget(document, "CNY", 2 * PRICE)
    (handout,) = mill.hand_out()
    mill.desk.step("submit", handout.claim)
    purse = mill.ledger.batch_purse(BATCH, "CNY")
    assert purse.read() == Figures(2 * PRICE, 0, 2 * PRICE)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert purse.read() == Figures(2 * PRICE, 2 * PRICE, 0)
    mill.hand_out()
    assert purse.read() == Figures(2 * PRICE, 2 * PRICE, 0)


def test_a_row_of_which_nothing_is_stored_is_ordered_as_it_was(mill: Mill) -> None:
    finished(mill, released(mill, Again(round=3, attempts=5)))
    (order,) = mill.provider.ordered
    assert (order.n, order.parameters["seed"]) == (4, SEED)


@given(
    n=st.integers(1, 4),
    stored=st.lists(st.sets(st.integers(1, 4)), max_size=6),
    seed=st.sampled_from([0, SEED, MOST_SEED - 5, MOST_SEED]),
)
def test_no_seed_is_used_twice(n: int, stored: list[set[int]], seed: int) -> None:
    model = catalogue().find("wanx-v1")
    used = [(seed + place) % (MOST_SEED + 1) for place in range(n)]
    have = stored.pop() if stored else set()
    have = {index for index in have if index <= n} or {1}
    for round_, more in enumerate(stored, 2):
        again = Again(round=round_, kept=kept("SKU-1", *sorted(have)))
        order = job(n=n, parameters={"seed": seed}, again=again)
        held = holding(order, model)
        if not held.missing:
            break
        drawn = [held.seed(index) for index in held.missing]
        assert held.order.parameters["seed"] == drawn[0]
        assert all(value is not None and 0 <= value <= MOST_SEED for value in drawn)
        assert not set(drawn) & set(used)
        used += [value for value in drawn if value is not None]
        have |= {index for index in more if index <= n}
    assert len(used) == len(set(used))
    assert model.seed_step == 1
