"""How outcomes are written: each of them, by whoever holds the claim and by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from ledger.keys import LaneKeys
from ledger.moves import Claim, Moved
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.instant_clock import BEGAN
from tests.steps.mill import LANE, Mill
from tests.steps.scripted_provider import done, trouble
from worker.held import HeldJob
from worker.outcomes import (
    AnswerLost,
    AskAgain,
    Drawn,
    Ended,
    GiveBack,
    Lost,
    Outcome,
    Retry,
    StoreLater,
    Ticketed,
    TooDear,
    Wait,
)
from worker.providers.port import InlinePicture
from worker.recording import record


def held(mill: Mill, claim: Claim) -> HeldJob:
    found = mill.desk._take(claim)
    assert found is not None
    return found


def released(mill: Mill) -> HeldJob:
    return held(mill, mill.released())


def submitting(mill: Mill) -> HeldJob:
    job = held(mill, mill.released())
    assert mill.tools.mark_submitting(job)
    return job


def running(mill: Mill) -> HeldJob:
    return held(mill, mill.running())


def storing(mill: Mill) -> HeldJob:
    return held(mill, mill.storing())


def ended(job: HeldJob) -> Ended:
    failure = trouble(ErrorClass.INVALID)
    return Ended(job.result(JobState.FAILED, BEGAN, failures=(failure,)))


Case = tuple[Callable[[Mill], HeldJob], Callable[[HeldJob], Outcome], JobState]
CASES: dict[type[Outcome], Case] = {
    Ticketed: (submitting, lambda _: Ticketed("task-7", 5), JobState.RUNNING),
    AnswerLost: (submitting, lambda _: AnswerLost("reset", 2, 5), JobState.SUBMITTING),
    TooDear: (released, lambda _: TooDear("too dear", "CNY", 10), JobState.PENDING),
    Wait: (running, lambda _: Wait(5, 2), JobState.RUNNING),
    GiveBack: (submitting, lambda _: GiveBack(refund=True), JobState.PENDING),
    Retry: (submitting, lambda _: Retry(5, refund=True, troubles=1), JobState.PENDING),
    Drawn: (running, lambda _: Drawn(done("task-1", 1).pictures, (), "x"), JobState.STORING),
    StoreLater: (storing, lambda _: StoreLater(5, 1), JobState.STORING),
    AskAgain: (storing, lambda _: AskAgain(), JobState.RUNNING),
    Ended: (storing, ended, JobState.FAILED),
}
"""Outcome -> how a job comes where it may end so, the outcome, and the state it leads to."""
FACTS = {Ticketed, AnswerLost, TooDear}
"""Outcomes that say something whoever brings them."""
kinds = pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)


def test_every_outcome_is_written_by_one_of_these_cases() -> None:
    assert {*CASES, Lost} == set(get_args(Outcome))


@kinds
def test_the_holder_moves_the_job(mill: Mill, kind: type[Outcome]) -> None:
    bring, make, state = CASES[kind]
    job = bring(mill)
    assert record(job, make(job), mill.tools) is Moved.YES
    assert mill.record(job.claim)["state"] == state
    in_play = state in (JobState.RUNNING, JobState.SUBMITTING)
    assert (job.claim.ref in mill.window()) == in_play


@pytest.mark.parametrize("kind", CASES.keys() - FACTS, ids=lambda kind: kind.__name__)
def test_a_late_writer_changes_nothing(mill: Mill, kind: type[Outcome]) -> None:
    bring, make, _ = CASES[kind]
    job = bring(mill)
    newer = mill.due_again(job.record.state)
    assert newer.number > job.claim.number
    lanes = mill.ledger.client.zrange("mill:{fleet}:lanes", 0, -1)
    before = jobs_only(mill)
    assert record(job, make(job), mill.tools) is Moved.LOST
    assert jobs_only(mill) == before
    assert mill.ledger.client.zrange("mill:{fleet}:lanes", 0, -1) == lanes


@pytest.mark.parametrize("kind", FACTS - {Ticketed}, ids=lambda kind: kind.__name__)
def test_a_late_writer_moves_nothing(mill: Mill, kind: type[Outcome]) -> None:
    bring, make, _ = CASES[kind]
    job = bring(mill)
    mill.due_again(job.record.state)
    before = mill.record(job.claim)
    assert record(job, make(job), mill.tools) is Moved.LOST
    assert mill.record(job.claim) == before


def test_a_lost_claim_writes_nothing(mill: Mill) -> None:
    job = running(mill)
    before = mill.snapshot()
    assert record(job, Lost(), mill.tools) is Moved.LOST
    assert mill.snapshot() == before


def test_what_was_said_of_the_lane_holds_whoever_heard_it(mill: Mill) -> None:
    job = submitting(mill)
    mill.due_again(JobState.SUBMITTING)
    before = mill.record(job.claim)
    outcome = GiveBack(refund=True, throttled_s=9, stop_lane=trouble(ErrorClass.ACCOUNT))
    assert record(job, outcome, mill.tools) is Moved.LOST
    assert mill.record(job.claim) == before
    assert mill.ledger.submit_bucket(LANE).take(1000, 1, patience_s=0).wait_s > 5
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert (status.stopped, status.throttled) == ("Oops: a reason for people", 1)


def test_an_outcome_written_twice_counts_once(mill: Mill) -> None:
    job = storing(mill)
    assert record(job, ended(job), mill.tools) is Moved.YES
    before = mill.snapshot()
    assert record(job, ended(job), mill.tools) is Moved.LOST
    assert mill.snapshot() == before


def test_bytes_of_pictures_never_enter_the_ledger(mill: Mill) -> None:
    job = running(mill)
    with pytest.raises(TypeError, match="never enter the ledger"):
        record(job, Drawn((InlinePicture(1, b"picture"),), ()), mill.tools)
    assert mill.record(job.claim)["state"] == "running"


def jobs_only(mill: Mill) -> dict[str, object]:
    """What the ledger keeps of jobs: not when lanes are looked at, nor how long pictures take."""
    others = {"mill:{fleet}:lanes", LaneKeys(LANE).learned}
    return {key: value for key, value in mill.snapshot().items() if key not in others}


def test_learned_times_are_the_lanes(mill: Mill) -> None:
    job = running(mill)
    record(job, Drawn(done("task-1", 1).pictures, (), took_s=3.25), mill.tools)
    assert mill.ledger.client.lrange(LaneKeys(LANE).learned, 0, -1) == ["3.250"]
