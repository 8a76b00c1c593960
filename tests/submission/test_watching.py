"""Following a batch until it is finished, or until patience ends; and what is said then."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from ledger.opening import Ledger
from producer.exit_codes import ExitCode, of_finished
from producer.watching import (
    LOOK_S,
    PARKED_FOR_S,
    BudgetSpent,
    LanesStopped,
    NoSuchBatch,
    WaitedTooLong,
    all_parked,
    all_stopped,
    chosen,
    status_of,
    watch,
)
from schemas.batch import Batch, BatchStatus, Hold, LaneCounts
from schemas.lane import PAUSED_BY_HAND
from schemas.states import JobState
from tests.steps.instant_clock import InstantClock
from tests.submission.statuses import status


@pytest.fixture
def batch(ledger: Ledger) -> Batch:
    return opened(ledger, "night", 1000)


def opened(ledger: Ledger, name: str, created_ms: int) -> Batch:
    batch = Batch(
        batch=name,
        manifest="night.csv",
        manifest_sha256="0" * 64,
        columns=["sku"],
        total=2,
        lanes={"dashscope:wanx-v1@default": 2},
        currencies={"dashscope:wanx-v1@default": "CNY"},
        created_at="2026-11-20T20:00:00+00:00",
    )
    ledger.batches.open(batch, created_ms)
    return batch


def test_a_batch_is_followed_until_it_is_finished(ledger: Ledger, batch: Batch) -> None:
    clock = InstantClock()
    seen: list[tuple[BatchStatus, float]] = []

    def go_on() -> None:
        if len(seen) == 4:
            ledger.batches.finish("night", "2026-11-21T06:00:00+00:00")

    clock.meanwhile = go_on
    found = watch(ledger.batches, "night", lambda look, at_s: seen.append((look, at_s)), clock)
    assert (found.state, found.total) == ("finished", 2)
    assert [look.state for look, _ in seen] == ["opening"] * 4 + ["finished"]
    assert [at_s for _, at_s in seen] == [LOOK_S * i for i in range(5)]


def test_patience_ends_and_the_batch_goes_on(ledger: Ledger, batch: Batch) -> None:
    clock = InstantClock()
    with pytest.raises(WaitedTooLong, match=r"after 3 s; it goes on.*watch night"):
        watch(ledger.batches, "night", _look_away, clock, timeout_s=3)
    assert clock.passed_s == 3 + LOOK_S
    assert WaitedTooLong.exit_code is ExitCode.WAITED


def test_a_finished_batch_needs_no_patience(ledger: Ledger, batch: Batch) -> None:
    ledger.batches.finish("night", "2026-11-21T06:00:00+00:00")
    clock = InstantClock()
    assert watch(ledger.batches, "night", _look_away, clock, timeout_s=0).state == "finished"
    assert clock.slept_s == []


def test_whoever_works_is_asked_for_at_every_look(ledger: Ledger, batch: Batch) -> None:
    class WorkerGone(Exception):
        pass

    answers = chain([None, None], [WorkerGone()])

    def still_alive() -> None:
        answer = next(answers)
        if answer is not None:
            raise answer

    clock = InstantClock()
    with pytest.raises(WorkerGone):
        watch(ledger.batches, "night", _look_away, clock, check=still_alive)
    assert len(clock.slept_s) == 2


def test_the_newest_batch_is_meant_where_none_is_named(ledger: Ledger, batch: Batch) -> None:
    opened(ledger, "evening", 500)
    assert chosen(ledger.batches, None) == "night"
    assert chosen(ledger.batches, "evening") == "evening"


def test_an_unknown_batch_is_answered_with_the_newest(ledger: Ledger, batch: Batch) -> None:
    with pytest.raises(NoSuchBatch, match=r"no batch 'nihgt'\. The newest is night"):
        status_of(ledger.batches, "nihgt")
    with pytest.raises(NoSuchBatch, match="'nihgt'"):
        chosen(ledger.batches, "nihgt")
    with pytest.raises(NoSuchBatch):
        watch(ledger.batches, "nihgt", _look_away, InstantClock())
    assert NoSuchBatch.exit_code is ExitCode.USAGE


def test_an_empty_mill_says_how_to_begin(ledger: Ledger) -> None:
    with pytest.raises(NoSuchBatch, match="Begin with `imagemill run MANIFEST`"):
        chosen(ledger.batches, None)
    with pytest.raises(NoSuchBatch, match="There is none yet"):
        chosen(ledger.batches, "night")


def lane(name: str = "wanx", pending: int = 3, running: int = 0, **fields: Any) -> LaneCounts:
    states = {JobState.PENDING: pending, JobState.RUNNING: running}
    return LaneCounts(lane=name, states={**dict.fromkeys(JobState, 0), **states}, **fields)


PARKED: dict[str, Any] = {"holds": [Hold.BUDGET]}
STOPPED: dict[str, Any] = {"stopped": "in arrears."}


@pytest.mark.parametrize(
    ("lanes", "parked", "stopped"),
    [
        ([lane()], False, False),
        ([lane(**PARKED)], True, False),
        ([lane(**STOPPED)], False, True),
        ([lane(**PARKED), lane("flux", **STOPPED)], True, False),
        ([lane(**PARKED), lane("flux")], False, False),
        ([lane(**PARKED, running=1)], False, False),
        ([lane(**STOPPED, running=1)], False, False),
        ([lane(**PARKED), lane("flux", pending=0)], True, False),
        ([lane(pending=0)], False, False),
        ([lane(holds=[Hold.BUDGET, Hold.CANCEL])], False, False),
        ([lane(**STOPPED, holds=[Hold.CANCEL])], False, False),
        ([lane(**STOPPED), lane("flux", holds=[Hold.PAUSE])], False, False),
        ([lane(stopped=PAUSED_BY_HAND)], False, False),
    ],
)
def test_only_what_moves_no_more_and_nobody_holds_stands_still(
    lanes: list[LaneCounts], parked: bool, stopped: bool
) -> None:
    assert all_parked(lanes) is parked
    assert all_stopped(lanes) == [one for one in lanes if stopped and any(one.states.values())]


def test_where_all_lanes_have_stopped_it_is_said_what_to_do(ledger: Ledger, batch: Batch) -> None:
    """Whoever watches a fleet at night must find out in the morning that nothing came of it."""
    lane = next(iter(batch.lanes))
    clock = InstantClock()
    clock.meanwhile = lambda: ledger.lanes.stop(lane, "arrears: your account is in arrears.")

    with pytest.raises(LanesStopped) as told:
        watch(ledger.batches, "night", _look_away, clock, timeout_s=3)

    assert str(told.value) == (
        f"{lane} stopped: arrears: your account is in arrears. 2 rows wait, unpaid. Put it right."
        f" Then say `imagemill resume {lane}`; `imagemill watch night` follows it again."
    )
    assert told.value.exit_code is ExitCode.SETTINGS


def test_a_lane_that_somebody_paused_is_waited_for(ledger: Ledger, batch: Batch) -> None:
    ledger.lanes.stop(next(iter(batch.lanes)), PAUSED_BY_HAND)
    with pytest.raises(WaitedTooLong):
        watch(ledger.batches, "night", _look_away, InstantClock(), timeout_s=3)


def test_a_parked_batch_is_told_once_it_stays_parked(ledger: Ledger, batch: Batch) -> None:
    """A moment's pause is none: money set aside too much comes back when an order is over."""
    ledger.batches.set_budget(batch, "CNY", 500_000)
    ledger.batches.hold("night", batch.lanes, Hold.BUDGET)
    clock = InstantClock()

    with pytest.raises(BudgetSpent, match=r"0\.00 of 0\.50 CNY spent.*2 rows wait.*--budget"):
        watch(ledger.batches, "night", _look_away, clock)

    assert clock.passed_s > PARKED_FOR_S
    assert BudgetSpent.exit_code is ExitCode.BUDGET


@pytest.mark.parametrize(
    ("finished", "code"),
    [
        (status(succeeded=100), ExitCode.OK),
        (status(succeeded=99, failed=1), ExitCode.SOME_FAILED),
        (status(partial=100), ExitCode.SOME_FAILED),
        (status(partial=1, failed=99), ExitCode.SOME_FAILED),
        (status(succeeded=50, cancelled=50), ExitCode.CANCELLED),
        (status(succeeded=50, failed=1, cancelled=49), ExitCode.SOME_FAILED),
        (status(succeeded=99, uncertain=1), ExitCode.SOME_FAILED),
        (status(failed=100), ExitCode.ALL_FAILED),
        (status(uncertain=100), ExitCode.ALL_FAILED),
        (status(failed=50, cancelled=50), ExitCode.ALL_FAILED),
        (status(cancelled=100), ExitCode.CANCELLED),
        (status(total=0), ExitCode.OK),
    ],
)
def test_exit_codes_of_finished_batches(finished: BatchStatus, code: ExitCode) -> None:
    assert of_finished(finished) is code


def test_exit_codes_are_stable() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "MANIFEST": 3,
        "SOME_FAILED": 4,
        "ALL_FAILED": 5,
        "BUDGET": 6,
        "SETTINGS": 7,
        "UNREACHABLE": 8,
        "WAITED": 9,
        "CANCELLED": 10,
        "INTERRUPTED": 130,
    }


def _look_away(_status: BatchStatus, _now_s: float) -> None:
    """Shows nothing."""
