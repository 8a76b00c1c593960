"""A worker killed while it takes rows away from an account that fails: another ends what it began."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from producer.shares import Spread
from schemas.lane import ACCOUNT_FAULT
from schemas.states import JobState
from tests.faults.points import PATIENCE_S, TRANSFER_POINTS, Action, Point
from tests.faults.scene import SPREAD, Scene, lane_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
FAILING, SOUND = map(lane_of, SPREAD)


@pytest.fixture
def failing(scene: Scene) -> Iterator[Scene]:
    """One of two accounts that share rows is in arrears."""
    lanes = scene.mill.ledger.lanes
    lanes.stop(FAILING, "Arrearage: pay first", fault=ACCOUNT_FAULT)
    yield scene
    lanes.resume(FAILING)


# Each point once; tests/steps/test_diverting.py dies at all of them with both, in one process.
@pytest.mark.parametrize(
    ("point", "loaded"), list(zip(TRANSFER_POINTS, (True, False, True), strict=True))
)
def test_a_worker_killed(failing: Scene, point: Point, *, loaded: bool) -> None:
    batch = f"diverted-{point}-{loaded}"
    ledger = failing.mill.ledger
    if loaded:
        failing.staff(2)  # who load the chunk before anybody looks at the batch
    placed = failing.place(batch, point, Action.KILL)
    failing.hand_in(batch, spread=Spread({"dashscope": SPREAD}))
    if not loaded:
        ledger.batches.look_at(batch)
        failing.staff(2)

    failing.killed(placed)
    failing.start_worker()

    wait_until(lambda: ledger.batches.state(batch) is not None, PATIENCE_S, batch)
    results = failing.judge(batch, placed.struck_s)
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    assert {result.lane for result in results.values()} == {SOUND}
    assert {result.attempts for result in results.values()} == {1}
