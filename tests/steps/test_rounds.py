"""Further rounds of a finished batch: announced, handed in by whoever looks, finished anew."""

from __future__ import annotations

from producer.chunk_files import ChunkFiles
from schemas.batch import BatchStatus, Hold, LaneRound, Round
from schemas.failure import ErrorClass
from schemas.job import Again, Job
from schemas.result import JobResult
from schemas.states import JobState
from tests.steps.earlier_pictures import kept
from tests.steps.mill import BATCH, LANE, Mill, chunk, job
from tests.steps.scripted_provider import trouble
from tests.steps.turning import turned
from worker import chores
from worker.providers.port import Refused, Unanswered

PRICE = 160_000
MOST_TURNS = 40


def status(mill: Mill) -> BatchStatus:
    found = mill.ledger.batches.status(BATCH)
    assert found is not None
    return found


def finished(mill: Mill) -> dict[str, JobResult]:
    """How all rows end, by id."""
    return {result.id: result for result in turned(mill)}


def announced(mill: Mill, jobs: list[Job], part: LaneRound) -> Round:
    """A round whose chunks are in storage, and which is announced, and no more."""
    number = mill.ledger.batches.new_round(BATCH)
    chunks = ChunkFiles(mill.folder / f"round-{number}", round_=number)
    for one in jobs:
        chunks.add(one)
    chunks.close()
    chunks.upload(BATCH, LANE, mill.storage)
    refs = chunks.refs(BATCH, LANE)
    round_ = Round(number=number, lanes={LANE: part.model_copy(update={"chunks": refs})})
    finished_at = status(mill).finished_at
    assert finished_at is not None
    assert mill.ledger.batches.reopen(BATCH, round_, finished_at)
    return round_


def taken_back(state: JobState, **figures: int) -> LaneRound:
    """What one row counted for."""
    return LaneRound(chunks=[], states={state: 1}, **figures)


def test_an_announced_round_is_handed_in_by_whoever_looks(mill: Mill) -> None:
    mill.hand_in([job("SKU-1"), job("SKU-2", line=3)])
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    before = finished(mill)
    (failed,) = (r.id for r in before.values() if r.state is JobState.FAILED)
    again = job(failed, line=before[failed].line, again=Again(round=2, attempts=1))
    announced(mill, [again], taken_back(JobState.FAILED))
    assert (status(mill).state, status(mill).finished_at) == ("opening", None)
    after = finished(mill)
    assert {result.state for result in after.values()} == {JobState.SUCCEEDED}
    assert after[failed].attempts == 2
    found = status(mill)
    assert (found.succeeded, found.failed, found.images, found.cost) == (2, 0, 2, "0.32")
    assert list(after) == ["SKU-1", "SKU-2"]


def test_a_round_handed_in_twice_counts_once(mill: Mill) -> None:
    mill.hand_in([job()])
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    finished(mill)
    announced(mill, [job(again=Again(round=2))], taken_back(JobState.FAILED))
    assert mill.ledger.batches.hand_in_round(BATCH)
    assert not mill.ledger.batches.hand_in_round(BATCH)
    assert (status(mill).pending, status(mill).failed, status(mill).state) == (1, 0, "running")


def test_an_uncertain_row_ordered_again_is_no_rival_of_itself(mill: Mill) -> None:
    mill.configure(exclusive=True)
    mill.hand_in([job()])
    (handout,) = mill.hand_out()
    mill.lose(handout.claim, arrived=False)
    mill.provider.take_in(job("strange"))
    mill.provider.take_in(job("stranger"))
    assert finished(mill)["SKU-1"].state is JobState.UNCERTAIN
    again = Again(round=2, attempts=1, possible_double_charges=1)
    announced(mill, [job(again=again)], taken_back(JobState.UNCERTAIN, possible_double_charges=1))
    mill.provider.to_submit.append(mill.provider.take_and_say_nothing)
    result = finished(mill)["SKU-1"]
    assert (result.state, result.possible_double_charges) == (JobState.SUCCEEDED, 1)
    assert (result.cost_micro, result.attempts) == (PRICE, 2)
    found = status(mill)
    assert (found.possible_double_charges, found.uncertain, found.cost) == (1, 0, "0.16")


def test_a_round_that_is_withdrawn_leaves_what_there_was(mill: Mill) -> None:
    mill.provider.withheld.add("a bikini")
    mill.hand_in([job(n=2, prompt="a bikini")])
    first = finished(mill)["SKU-1"]
    assert (first.state, len(first.images)) == (JobState.PARTIAL, 1)
    again = Again(round=2, kept=first.images, attempts=1, cost_micro=first.cost_micro)
    row = job(n=2, prompt="a bikini", again=again)
    announced(mill, [row], taken_back(JobState.PARTIAL, images=1, cost_micro=PRICE))
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    result = finished(mill)["SKU-1"]
    assert (result.state, result.images, result.cost_micro) == (
        JobState.PARTIAL,
        first.images,
        PRICE,
    )
    assert (status(mill).partial, status(mill).images, status(mill).cost) == (1, 1, "0.16")
    assert len(mill.provider.ordered) == 1


def test_withdrawing_twice_counts_once(mill: Mill) -> None:
    order = job(n=2, again=Again(round=2, kept=kept("SKU-1", 2), cost_micro=PRICE))
    mill.hand_in([order])
    mill.ledger.batches.hold(BATCH, [LANE], Hold.CANCEL)
    (chore,) = mill.ledger.lanes.tick([LANE], 30, 100)[LANE].chores
    assert (chore.what, chore.chunk) == ("withdraw", chunk())
    assert chores.withdraw(LANE, chore.chunk, mill.tools)
    before = mill.snapshot()
    assert not chores.withdraw(LANE, chore.chunk, mill.tools)
    assert {k: v for k, v in mill.snapshot().items() if "batch-agenda" not in k} == {
        k: v for k, v in before.items() if "batch-agenda" not in k
    }
    assert (status(mill).partial, status(mill).images, status(mill).pending) == (1, 1, 0)


def test_a_round_whose_order_is_lost_is_reconciled_as_itself(mill: Mill) -> None:
    mill.hand_in([job()])
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    finished(mill)
    announced(mill, [job(again=Again(round=2, attempts=1))], taken_back(JobState.FAILED))
    mill.provider.to_submit.append(Unanswered("reset"))
    result = finished(mill)["SKU-1"]
    assert (result.state, result.attempts, len(mill.provider.accepted)) == (
        JobState.SUCCEEDED,
        2,
        1,
    )
