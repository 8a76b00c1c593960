"""What the gate refuses is ordered anew when all else has ended: as often as allowed, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.batches import Batches
from ledger.errors import LedgerUnreachable
from schemas.batch import Batch, BatchStatus, Hold
from schemas.failure import ErrorClass
from schemas.finishing import Finishing, Gate
from schemas.flaw import FlawKind
from schemas.job import Job
from schemas.result import JobResult
from schemas.states import JobState
from storage import Unreachable
from tests.results.metadata import drawn
from tests.steps.mill import BATCH, LANE, Mill, job
from tests.steps.scripted_provider import trouble
from tests.steps.turning import turned
from worker import chores
from worker.fetching import Fetched
from worker.providers.port import Refused
from worker.rerolling import reroll

PRICE = 160_000


def row(name: str = "SKU-1", rerolls: int = 1, **changes: Any) -> Job:
    gate = Gate(rerolls=rerolls)
    return job(name, **{"finishing": Finishing(gate=gate), **changes})


def good(mill: Mill, *places: str) -> None:
    """Pictures that pass; all others the host draws are of one colour."""
    for place in places:
        mill.host.troubles[place].append(Fetched(drawn("PNG")))


def status(mill: Mill) -> BatchStatus:
    found = mill.ledger.batches.status(BATCH)
    assert found is not None
    return found


def ended(mill: Mill, order: Job) -> Batch:
    """A batch of one row, which has ended and is sealed, and which nobody has closed."""
    document = mill.hand_in([order])
    mill.desk.step("submit", mill.hand_out()[0].claim)
    mill.desk.go("poll", mill.due_again(JobState.RUNNING))
    mill.let_time_pass()
    mill.hand_out()
    assert chores.to_close(BATCH, mill.tools) is not None
    return document


def only(mill: Mill) -> JobResult:
    (result,) = turned(mill)
    return result


def kinds(result: JobResult) -> list[list[FlawKind]]:
    return [[flaw.kind for flaw in image.flaws] for image in result.images]


def test_a_blank_picture_is_ordered_anew_and_replaced(mill: Mill) -> None:
    good(mill, "task-2/1.png")
    mill.hand_in([row()])
    result = only(mill)
    assert (result.state, kinds(result), result.revision) == (JobState.SUCCEEDED, [[]], 2)
    (image,), (earlier,) = result.images, result.replaced
    assert (image.key, earlier.key) == (
        "batches/night/images/SKU-1_01_r2.png",
        "batches/night/images/SKU-1_01.png",
    )
    assert mill.storage.head(image.key)
    assert mill.storage.head(earlier.key)
    assert (result.attempts, result.cost_micro) == (2, 2 * PRICE)
    found = status(mill)
    assert (found.succeeded, found.images, found.cost) == (1, 1, "0.32")


def test_what_passes_is_not_ordered_anew(mill: Mill) -> None:
    good(mill, "task-1/1.png")
    mill.hand_in([row()])
    result = only(mill)
    assert (result.revision, len(mill.provider.ordered)) == (1, 1)


def test_only_the_pictures_that_fail_are_ordered(mill: Mill) -> None:
    good(mill, "task-1/1.png", "task-1/3.png", "task-2/1.png")
    mill.hand_in([row(n=3, parameters={"seed": 7})])
    result = only(mill)
    first, second = mill.provider.ordered
    assert (first.n, second.n) == (3, 1)
    assert (kinds(result), [image.revision for image in result.images]) == ([[]] * 3, [1, 2, 1])
    assert result.cost_micro == 4 * PRICE
    seeds = [image.seed for image in result.images]
    assert len({*seeds, 8}) == 4, "the seed of the blank one is not used again"


def test_a_row_that_fixes_its_seed_is_drawn_with_another(mill: Mill) -> None:
    mill.hand_in([row(n=2, rerolls=2, parameters={"seed": 7})])
    only(mill)
    # Two pictures each: 7 and 8, 9 and 10, and then beyond all of these.
    assert [order.parameters["seed"] for order in mill.provider.ordered] == [7, 9, 13]


@pytest.mark.parametrize("rerolls", [1, 2, 3])
def test_it_is_tried_as_often_as_allowed(mill: Mill, rerolls: int) -> None:
    mill.hand_in([row(rerolls=rerolls)])
    result = only(mill)
    assert (len(mill.provider.ordered), result.revision) == (1 + rerolls, 1 + rerolls)
    assert kinds(result) == [[FlawKind.BLANK]]
    assert len(result.replaced) == rerolls


def test_as_often_also_where_a_batch_begins_with_a_later_revision(mill: Mill) -> None:
    mill.hand_in([row(revision=5)])
    result = only(mill)
    assert (len(mill.provider.ordered), result.revision) == (2, 6)


def test_the_later_of_two_that_are_alike_is_ordered_anew(mill: Mill) -> None:
    twin = Fetched(drawn("PNG"))
    mill.host.troubles["task-1/1.png"].append(twin)
    mill.host.troubles["task-2/1.png"].append(twin)
    good(mill, "task-3/1.png")
    mill.hand_in([row("A"), row("B", line=3)])
    first, second = turned(mill)
    assert (kinds(first), kinds(second)) == ([[]], [[]])
    assert (first.revision, second.revision) == (1, 2)


def test_a_wrong_size_is_only_marked(mill: Mill) -> None:
    good(mill, "task-1/1.png")
    mill.hand_in([row(parameters={"size": "1024*1024"})])
    result = only(mill)
    assert (kinds(result), result.revision) == ([[FlawKind.SIZE]], 1)


def test_a_row_that_lacks_pictures_is_a_persons_business(mill: Mill) -> None:
    mill.provider.withheld.add("a bikini")
    mill.hand_in([row(n=2, prompt="a bikini")])
    result = only(mill)
    assert (result.state, kinds(result)) == (JobState.PARTIAL, [[FlawKind.BLANK]])
    assert len(mill.provider.ordered) == 1


def test_without_leave_to_reroll_what_fails_is_marked(mill: Mill) -> None:
    mill.hand_in([row(rerolls=0)])
    assert kinds(only(mill)) == [[FlawKind.BLANK]]
    assert len(mill.provider.ordered) == 1


def test_what_is_refused_the_second_time_stays_as_it_was(mill: Mill) -> None:
    mill.hand_in([row(n=2)])
    good(mill, "task-1/2.png")
    mill.provider.to_submit += (mill.provider.take, Refused(trouble(ErrorClass.MODERATED, "No")))
    result = only(mill)
    assert (result.state, result.failures) == (JobState.SUCCEEDED, [])
    assert kinds(result) == [[FlawKind.BLANK, FlawKind.KEPT], []]
    assert result.images[0].flaws[-1].seen == "No"
    assert (result.cost_micro, result.replaced) == (2 * PRICE, [])
    found = status(mill)
    assert (found.succeeded, found.images, found.cost) == (1, 2, "0.32")


def test_what_is_withdrawn_stays_as_it_was(mill: Mill) -> None:
    assert reroll(ended(mill, row()), 1, mill.tools)
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    result = only(mill)
    assert (result.state, len(mill.provider.ordered)) == (JobState.SUCCEEDED, 1)
    assert kinds(result) == [[FlawKind.BLANK, FlawKind.KEPT]]
    assert (status(mill).succeeded, status(mill).cost) == (1, "0.16")


def test_an_order_whose_answer_is_lost_is_a_persons_business(mill: Mill) -> None:
    mill.configure(exclusive=True)
    assert reroll(ended(mill, row()), 1, mill.tools)
    (handout,) = mill.hand_out()
    mill.lose(handout.claim, arrived=False)
    mill.provider.take_in(job("strange"))
    mill.provider.take_in(job("stranger"))
    result = only(mill)
    assert (result.state, result.images, len(result.replaced)) == (JobState.UNCERTAIN, [], 1)


def test_a_budget_decides_how_many(mill: Mill) -> None:
    document = mill.hand_in([row(f"SKU-{line}", line=line) for line in range(2, 6)])
    mill.ledger.batches.set_budget(document, "CNY", 6 * PRICE + 1)
    results = turned(mill)
    assert [result.revision for result in results] == [2, 2, 1, 1]
    found = status(mill)
    assert (found.state, found.cost) == ("finished", "0.96")


def test_a_lane_that_stopped_keeps_no_batch_open(mill: Mill) -> None:
    ended(mill, row())
    mill.ledger.lanes.stop(LANE, "arrears")
    assert (only(mill).revision, len(mill.provider.ordered)) == (1, 1)


def test_a_storage_that_fails_orders_nothing_twice(mill: Mill) -> None:
    mill.hand_in([row()])
    mill.storage.down_for = "r2-00001.jsonl.gz"
    with pytest.raises(Unreachable):
        turned(mill)
    assert len(mill.provider.ordered) == 1
    good(mill, "task-2/1.png")
    result = only(mill)
    assert (result.revision, kinds(result), len(mill.provider.ordered)) == (2, [[]], 2)


class Dying(Batches):
    """Gone once the round is announced."""

    def hand_in_round(self, batch: str) -> bool:
        raise LedgerUnreachable(batch)


def test_killed_after_the_announcement_somebody_else_hands_it_in(mill: Mill) -> None:
    document = ended(mill, row())
    dying = Dying(mill.ledger.client, mill.ledger.scripts)
    killed = replace(mill.tools, ledger=replace(mill.ledger, batches=dying))
    with pytest.raises(LedgerUnreachable):
        reroll(document, 1, killed)
    good(mill, "task-2/1.png")
    assert status(mill).state == "opening"
    result = only(mill)
    assert (result.revision, kinds(result), len(mill.provider.ordered)) == (2, [[]], 2)


def test_of_two_who_close_at_once_one_begins_a_round(mill: Mill) -> None:
    document = ended(mill, row())
    inputs = "batches/night/input/"
    before = {found.key for found in mill.storage.list(inputs)}
    assert reroll(document, 1, mill.tools)
    assert reroll(document, 1, mill.tools)
    rounds = {found.key for found in mill.storage.list(inputs)} - before
    assert [key.rsplit("/", 1)[1] for key in rounds] == ["r2-00001.jsonl.gz"]
    assert (status(mill).pending, status(mill).succeeded) == (1, 0)


def test_whoever_closed_late_changes_nothing(mill: Mill) -> None:
    document = ended(mill, row())
    assert mill.ledger.batches.finish(BATCH, "2026-11-21T06:00:00Z", document.lanes)
    assert reroll(document, 1, mill.tools)
    assert (status(mill).state, status(mill).succeeded) == ("finished", 1)
