"""An account fails in the night: its rows go through the others, and nothing is paid for twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from ledger.keys import batch_record
from ledger.moves import Move
from ledger.opening import Ledger
from results.sealed import sealed_results
from schemas.account import Account
from schemas.batch import Batch, Hold, LaneCounts
from schemas.job import Job
from schemas.lane import ACCOUNT_FAULT, PAUSED_BY_HAND
from schemas.result import JobResult
from schemas.settings import Settings
from schemas.states import BatchState, JobState
from tests.steps.mill import BATCH, FAST, LANE, PATIENT, Mill, chunk, job
from worker.diverting import divert

OTHER = "dashscope:wanx-v1@second"
THIRD = "dashscope:wanx-v1@third"
ARREARS = "Arrearage: pay first"


class Died(Exception):
    """A worker is killed here."""


NAMES = ("default", "second", "third")
SPREAD = Settings(
    accounts={name: Account(api_key=SecretStr(f"sk-{name}"), **PATIENT) for name in NAMES},
    spread={"dashscope": NAMES},
)


@pytest.fixture
def spread(mill: Mill) -> Mill:
    mill.use(SPREAD)
    return mill


def _job(name: str, line: int, lane: str) -> Job:
    return job(name, line=line, lane=lane).model_copy(update={"name": name})


def jobs(count: int, lane: str = LANE) -> list[Job]:
    names = [f"SKU-{i:03}" for i in range(count)]
    return [_job(each, i, lane) for i, each in enumerate(names, 2)]


def hand_in(mill: Mill, *rows: Job, bound: bool = False) -> Batch:
    """A batch whose rows named no account, unless they are bound."""
    document = mill.hand_in(list(rows))
    if not bound:
        document = document.model_copy(update={"unbound": list(document.lanes)})
        record = batch_record(BATCH)
        mill.ledger.client.hset(record, "document", document.model_dump_json())
    return document


def fail(mill: Mill, lane: str = LANE) -> None:
    mill.ledger.lanes.stop(lane, ARREARS, fault=ACCOUNT_FAULT, leaving=True)


def look(mill: Mill) -> None:
    """What a look at the batch does, as every ten seconds."""
    document = mill.ledger.batches.document(BATCH)
    assert document is not None
    divert(document, mill.ledger.batches.counts(document), mill.tools)


def finish(mill: Mill) -> list[JobResult]:
    for _ in range(60):
        mill.turn()
        mill.let_time_pass()
        if mill.ledger.batches.state(BATCH) is BatchState.FINISHED:
            return list(sealed_results(mill.storage, BATCH))
    raise AssertionError(mill.ledger.batches.status(BATCH))


def by_lane(results: list[JobResult]) -> dict[str, int]:
    lanes = [result.lane for result in results]
    return {lane: lanes.count(lane) for lane in lanes}


def test_the_rows_of_an_account_that_fails_are_drawn_through_the_others(spread: Mill) -> None:
    hand_in(spread, *jobs(6), *jobs(9, OTHER)[6:])
    fail(spread)
    results = finish(spread)
    assert [result.id for result in results] == [f"SKU-{i:03}" for i in range(9)]
    assert {result.state for result in results} == {JobState.SUCCEEDED}
    assert set(by_lane(results)) <= {OTHER, THIRD}
    assert len(spread.provider.ordered) == 9
    status = spread.ledger.batches.status(BATCH)
    assert status is not None
    assert (status.succeeded, status.total, status.pending) == (9, 9, 0)


def test_what_is_at_the_provider_is_fetched_from_there(spread: Mill) -> None:
    hand_in(spread, *jobs(5))
    first, *_ = spread.hand_out()
    spread.desk.step("submit", first.claim)
    fail(spread)
    results = finish(spread)
    assert by_lane(results) == {LANE: 1, OTHER: 4}
    (there,) = (result for result in results if result.lane == LANE)
    assert there.id == first.claim.job
    assert len(spread.provider.ordered) == 5


def test_rows_that_named_their_account_wait_for_it(spread: Mill) -> None:
    hand_in(spread, *jobs(3), bound=True)
    fail(spread)
    for _ in range(5):
        spread.turn()
        spread.let_time_pass()
    assert spread.provider.ordered == []
    spread.ledger.lanes.resume(LANE)
    assert by_lane(finish(spread)) == {LANE: 3}


@pytest.mark.parametrize("reason", [PAUSED_BY_HAND, "ModelNotFound: gone"])
def test_a_lane_that_stopped_for_another_reason_keeps_its_rows(spread: Mill, reason: str) -> None:
    hand_in(spread, *jobs(3))
    spread.ledger.lanes.stop(LANE, reason)
    for _ in range(5):
        spread.turn()
        spread.let_time_pass()
    assert spread.provider.ordered == []


def test_without_a_spread_rows_wait_for_their_account(mill: Mill) -> None:
    document = hand_in(mill, *jobs(3))
    fail(mill)
    look(mill)
    (counts,) = mill.ledger.batches.counts(document)
    assert counts.states[JobState.PENDING] == 3
    assert not counts.leaving


def test_when_all_have_failed_nobody_waits_for_a_way_out(spread: Mill) -> None:
    document = hand_in(spread, *jobs(3))
    for lane in (OTHER, THIRD):
        spread.ledger.lanes.open(lane, FAST)
        fail(spread, lane)
    fail(spread)
    look(spread)
    (counts,) = spread.ledger.batches.counts(document)
    assert (counts.leaving, counts.states[JobState.PENDING]) == (False, 3)


def test_an_account_that_comes_back_finds_what_the_others_did_not_need(spread: Mill) -> None:
    document = hand_in(spread, *jobs(2100))
    fail(spread)
    look(spread)
    counts = spread.ledger.batches.counts(document)
    left = {lane.lane: lane.states[JobState.PENDING] for lane in counts}
    assert left[LANE] == 1100, "a chunk went to each of the others: at 2/s it lasts four minutes"


@pytest.mark.parametrize("reason", [Hold.PAUSE, Hold.CANCEL])
def test_a_lane_that_joins_a_held_batch_is_held(spread: Mill, reason: Hold) -> None:
    hand_in(spread, *jobs(3))
    fail(spread)
    spread.ledger.batches.hold(BATCH, [LANE], Hold.PAUSE)
    look(spread)
    spread.ledger.batches.hold(BATCH, [LANE], reason)  # by one who knows of no other lane
    look(spread)
    document = spread.ledger.batches.document(BATCH)
    assert document is not None
    for counts in spread.ledger.batches.counts(document):
        assert reason in counts.holds


def test_a_batch_that_a_lane_joins_while_it_is_looked_at_is_not_closed(
    spread: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = hand_in(spread, *jobs(3))
    fail(spread)
    with monkeypatch.context() as patched:
        batches = spread.ledger.batches
        read = batches.document

        def overtaken(batch: str) -> Batch | None:
            patched.undo()
            look(spread)
            return known if batch == BATCH else read(batch)

        patched.setattr(batches, "document", overtaken)
        spread.desk.close(BATCH)
    assert batches.state(BATCH) is BatchState.RUNNING
    assert by_lane(finish(spread)) == {OTHER: 3}


def test_a_batch_whose_rows_go_between_two_lanes_figures_is_not_closed(
    spread: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread.ledger.lanes.stop(LANE, PAUSED_BY_HAND)
    document = hand_in(spread, *jobs(1, OTHER), *jobs(3)[1:])
    batches = spread.ledger.batches
    while not batches.counts(document)[0].sealed:
        spread.turn()
        spread.let_time_pass()
    fail(spread)
    with monkeypatch.context() as patched:
        read = batches.counts

        def torn(batch: Batch) -> list[LaneCounts]:
            patched.undo()
            there = {counts.lane: counts for counts in read(batch)}
            look(spread)
            spread.desk.chore("seal", LANE, str(chunk(2)))
            return [c if c.lane == LANE else there[c.lane] for c in read(batch)]

        patched.setattr(batches, "counts", torn)
        spread.desk.close(BATCH)
    assert batches.state(BATCH) is BatchState.RUNNING
    assert len(finish(spread)) == 3


POINTS: dict[str, Callable[[Ledger], tuple[object, str]]] = {
    "admit": lambda ledger: (ledger.transfers, "admit"),
    "receive": lambda ledger: (ledger.transfers, "receive"),
    "end": lambda ledger: (ledger.transfers, "end"),
    "note": lambda ledger: (ledger.lanes, "note_leaving"),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("loaded", [False, True])
def test_whoever_dies_while_diverting_is_followed_by_another(
    spread: Mill, monkeypatch: pytest.MonkeyPatch, point: str, *, after: bool, loaded: bool
) -> None:
    hand_in(spread, *jobs(7))
    if loaded:
        spread.ledger.lanes.stop(LANE, PAUSED_BY_HAND)
        assert spread.hand_out() == []
    fail(spread)
    place, name = POINTS[point](spread.ledger)
    whole = getattr(place, name)

    def dies(*given: object, **named: object) -> object:
        if after:
            whole(*given, **named)
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(place, name, dies)
        with pytest.raises(Died):
            look(spread)
    results = finish(spread)
    assert [result.id for result in results] == [f"SKU-{i:03}" for i in range(7)]
    assert LANE not in by_lane(results)
    assert len(spread.provider.ordered) == 7


def test_attempts_through_the_first_account_are_counted(spread: Mill) -> None:
    hand_in(spread, *jobs(1))
    (handout,) = spread.hand_out()
    record = spread.ledger.jobs.take(handout.claim)
    assert record is not None
    back = Move(JobState.RELEASED, JobState.PENDING, delay_s=60, attempts=1)
    spread.ledger.jobs.move(handout.claim, record.chunk, back)
    fail(spread)
    (result,) = finish(spread)
    assert (result.attempts, result.lane) == (2, OTHER)
