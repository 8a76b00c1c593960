"""What an earlier release left in the middle of its work is finished by this one; nothing is paid for twice."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from ledger.intakes import IntakeRecord
from ledger.opening import Ledger
from producer.beat import Beat
from producer.beat_metrics import BeatMetrics
from producer.progress import Read
from schemas import layout
from schemas.batch import Batch, Hold
from schemas.intake import Intake, IntakeEnd, IntakeState
from schemas.job import Job
from schemas.result import JobResult
from schemas.states import BatchState, JobState
from tests.steps.ageing import LONG_S, age
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, MOST_TURNS, SECOND, THIRD
from tests.upgrade.busy_mill import ADDED_AT, INTAKE, NEXT_MS, SCHEDULE
from tests.upgrade.records import FOLDER, Records, restore

RELEASES = sorted(FOLDER.glob("*.json"))
PLANNING = [path for path in RELEASES if not path.stem.startswith("before-")]
"""Those that knew schedules and orders which the fleet reads."""


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def records(request: pytest.FixtureRequest) -> Records:
    path: Path = request.param
    return Records.model_validate_json(path.read_text(encoding="utf-8"))


@pytest.fixture
def mill(records: Records, ledger: Ledger, tmp_path: Path) -> Mill:
    """A worker of this release, on what that one left."""
    mill = Mill(ledger, tmp_path)
    restore(records, ledger.client, mill.storage)
    for ticket, (job, created_s) in records.tickets.items():
        mill.provider.take_in(job, ticket)
        mill.provider.listed[ticket] = created_s
    # Upgrading takes minutes, however long ago that release was: the provider still lists its tasks.
    since_s = (ledger.fleet.now_ms() - records.written_ms) / 1000
    age(ledger, mill.provider, LONG_S - since_s)
    mill.provider.echoes = True
    ledger.version.admit()
    return mill


def test_there_are_records() -> None:
    assert RELEASES


def results_of(mill: Mill, batch: str) -> dict[str, JobResult]:
    lines = mill.storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).splitlines()
    return {result.id: result for result in map(JobResult.model_validate_json, lines)}


def document_of(mill: Mill, batch: str) -> Batch:
    found = mill.ledger.batches.document(batch)
    assert found is not None
    return found


def run_to_the_end(mill: Mill, *batches: str) -> None:
    for _ in range(MOST_TURNS):
        mill.let_time_pass()
        mill.turn()
        states = {mill.ledger.batches.state(batch) for batch in batches}
        if states == {BatchState.FINISHED}:
            return
    raise AssertionError([mill.ledger.batches.status(batch) for batch in batches])


def test_what_was_under_way_is_finished_and_ordered_once(mill: Mill, records: Records) -> None:
    ordered_before = Counter(job.id for job, _ in records.tickets.values())
    assert mill.ledger.batches.unhold(THIRD, document_of(mill, THIRD).lanes, Hold.PAUSE)

    run_to_the_end(mill, SECOND, THIRD)

    results = {**results_of(mill, SECOND), **results_of(mill, THIRD)}
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    ordered = ordered_before + Counter(job.id for job in mill.provider.ordered)
    assert {name: ordered[name] for name in results} == dict.fromkeys(results, 1)
    for result in results.values():
        for image in result.images:
            assert mill.storage.head(image.key) is not None


def test_what_was_finished_is_read_and_reused(mill: Mill) -> None:
    status = mill.ledger.batches.status(FIRST)
    assert status is not None
    assert (status.state, status.succeeded, status.failed, status.cost) == (
        BatchState.FINISHED,
        2,
        1,
        "0.32",
    )
    earlier = [result for result in results_of(mill, FIRST).values() if result.images]
    assert len(earlier) == 2
    again = [job_of(mill, result.id) for result in earlier]
    mill.hand_in(again, batch="thursday")
    run_to_the_end(mill, "thursday")
    assert {result.reused_from for result in results_of(mill, "thursday").values()} == {FIRST}
    assert [job for job in mill.provider.ordered if job.id.startswith("MON")] == []


def test_a_held_batch_stays_held(mill: Mill) -> None:
    for _ in range(5):
        mill.let_time_pass()
        mill.turn()
    status = mill.ledger.batches.status(THIRD)
    assert status is not None
    assert (status.state, status.pending) == ("paused", status.total)


@pytest.mark.parametrize("records", PLANNING, ids=lambda path: path.stem, indirect=True)
def test_what_was_planned_is_done(mill: Mill) -> None:
    planned = mill.ledger.schedules.find(SCHEDULE.name)
    assert planned is not None
    assert (planned.schedule, planned.next_ms) == (SCHEDULE, NEXT_MS)
    read: list[Intake] = []

    def end(record: IntakeRecord, _tell: Read) -> IntakeEnd:
        read.append(record.intake)
        return IntakeEnd(state=IntakeState.HANDED_IN, ended_at=ADDED_AT, batch="thursday")

    beat = Beat(mill.ledger, end, mill.clock, "beat", BeatMetrics())
    beat.turn()
    beat.join()

    assert read == [INTAKE]
    status = mill.ledger.intakes.status(INTAKE.id)
    assert status is not None
    assert status.state is IntakeState.HANDED_IN


def job_of(mill: Mill, name: str) -> Job:
    """A job as it was handed in."""
    for stored in mill.storage.list(f"batches/{FIRST}/input/"):
        for line in gzip.decompress(mill.storage.get(stored.key)).splitlines():
            job = Job.model_validate_json(line)
            if job.id == name:
                return job
    raise AssertionError(name)
