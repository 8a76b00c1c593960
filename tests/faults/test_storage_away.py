"""A bucket that is away at every moment it is needed: the work waits, and nothing is paid twice."""

from __future__ import annotations

import pytest

from schemas.states import JobState
from tests.faults.points import PATIENCE_S, Action, Placed, Point
from tests.faults.scene import Scene
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
NEEDS_THE_BUCKET_NEXT = (
    Point.BETWEEN_TABLES,
    Point.RESULTS_UNWRITTEN,
    Point.IMAGE_STORED,
    Point.UNFETCHED,
    Point.CHUNK_UNREAD,  # last, as a lane loads one chunk at a time
)


def held(scene: Scene, batch: str, point: Point) -> Placed:
    """A batch whose fault has struck."""
    placed = scene.place(batch, point, Action.HOLD)
    scene.hand_in(batch)
    placed.victim()
    return placed


def test_the_bucket_cut_off_at_every_moment_it_is_needed(bucket_scene: Scene) -> None:
    """A batch for each moment, all held there when the link is cut: a failed write waits long."""
    workers = bucket_scene.staff(2)
    gate = bucket_scene.bucket_gate
    assert gate is not None
    batches = {f"bucketless-{point}": point for point in NEEDS_THE_BUCKET_NEXT}
    strikes = [held(bucket_scene, batch, point) for batch, point in batches.items()]
    refused = gate.refused

    gate.shut()
    for strike in strikes:
        strike.let_go()
    wait_until(lambda: gate.refused >= refused + len(strikes), PATIENCE_S, "requests in vain")
    gate.open()

    for batch in batches:
        bucket_scene.mill.finished(batch, PATIENCE_S)
    for batch in batches:
        results = bucket_scene.judge(batch, bucket_scene.now_s)
        assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
        assert {result.attempts for result in results.values()} == {1}
    assert bucket_scene.workers == workers
