"""Turns a mill until its batch is finished, however long its orders take."""

from __future__ import annotations

from schemas import layout
from schemas.result import JobResult
from schemas.states import BatchState
from tests.steps.ageing import age
from tests.steps.mill import BATCH, Mill

MOST_TURNS = 100


def turned(mill: Mill) -> list[JobResult]:
    """How all jobs end, in the order of the manifest."""
    for _ in range(MOST_TURNS):
        mill.turn()
        age(mill.ledger, mill.provider)
        mill.let_time_pass()
        if mill.ledger.batches.state(BATCH) is BatchState.FINISHED:
            found = mill.storage.get(layout.batch_file(BATCH, layout.RESULTS_JSONL))
            return [JobResult.model_validate_json(line) for line in found.splitlines()]
    raise AssertionError(f"not finished after {MOST_TURNS} turns")
