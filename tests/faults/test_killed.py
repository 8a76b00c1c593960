"""A worker killed at every point: another goes on, and nothing is lost or paid for twice."""

from __future__ import annotations

import pytest

from schemas.states import JobState
from tests.faults.points import LATE_POINTS, ONE_BY_ONE, PATIENCE_S, Action, Point
from tests.faults.scene import CHOSEN, GENERATION_S, LONG_S, Scene, sku_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
LOSES_ANSWER = (Point.MARKED, Point.SENT)


@pytest.mark.parametrize("point", ONE_BY_ONE)
def test_a_worker_killed(scene: Scene, point: Point) -> None:
    batch = f"killed-{point}"
    scene.staff(2)
    placed = scene.place(batch, point, Action.KILL)
    scene.hand_in(batch, LONG_S if point is Point.BETWEEN_POLLS else GENERATION_S)

    scene.killed(placed)
    scene.start_worker()

    results = scene.judge(batch, placed.struck_s)
    uncertain = {name for name, each in results.items() if each.state is JobState.UNCERTAIN}
    assert point in LOSES_ANSWER or sku_of(batch, CHOSEN) not in uncertain


def test_workers_killed_late(scene: Scene) -> None:
    """Nothing asks for a look at such a batch: it comes with the next round, for all at once."""
    batches = {f"killed-{point}": point for point in LATE_POINTS}
    scene.staff(1 + len(batches))
    for batch, point in batches.items():
        placed = scene.place(batch, point, Action.KILL)
        scene.hand_in(batch)
        scene.killed(placed)

    for batch in batches:
        scene.mill.finished(batch, PATIENCE_S)
    for batch in batches:
        results = scene.judge(batch, placed.struck_s)
        assert {result.attempts for result in results.values()} == {1}
