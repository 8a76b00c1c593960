"""Batches one after the other, of rows that are much the same."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import layout
from schemas.job import Job
from schemas.result import JobResult
from schemas.states import BatchState
from tests.steps.mill import Mill, job

MOST_TURNS = 60
FIRST, SECOND, THIRD = "monday", "tuesday", "wednesday"


def night(mill: Mill, batch: str, jobs: Sequence[Job], *, fresh: bool = False) -> list[JobResult]:
    """A batch to its end; the results of its rows, in order of their ids."""
    mill.hand_in(jobs, batch=batch, fresh=fresh)
    for _ in range(MOST_TURNS):
        mill.let_time_pass()
        mill.turn()
        if mill.ledger.batches.state(batch) is BatchState.FINISHED:
            lines = mill.storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).splitlines()
            return sorted(map(JobResult.model_validate_json, lines), key=lambda found: found.id)
    raise AssertionError(f"{batch} came to no end")


def rows(*names: str, **changes: object) -> list[Job]:
    return [job(name, line=line, **changes) for line, name in enumerate(names, 2)]
