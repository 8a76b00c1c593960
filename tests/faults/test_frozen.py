"""A worker frozen at every point and thawed after another took over: what it does late is nothing."""

from __future__ import annotations

import pytest

from schemas.states import BatchState, JobState
from tests.cli.command import prompt_of
from tests.faults.points import JOB_POINTS, LATE_POINTS, ONE_BY_ONE, PATIENCE_S, Action, Point
from tests.faults.scene import CHOSEN, GENERATION_S, LONG_S, Scene, sku_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
LOSES_ANSWER = (Point.MARKED, Point.SENT)
LOADING = (Point.CHUNK_UNREAD, Point.CHUNK_READ)
TAKES_LONG = (Point.BETWEEN_POLLS, *LOADING)


@pytest.mark.parametrize("point", ONE_BY_ONE)
def test_a_worker_frozen_and_thawed(scene: Scene, point: Point) -> None:
    batch = f"frozen-{point}"
    scene.staff(2)
    placed = scene.place(batch, point, Action.FREEZE)
    scene.hand_in(batch, LONG_S if point in TAKES_LONG else GENERATION_S)
    worker = scene.frozen(placed)
    before = scene.record(batch, "nonce")

    def taken_over() -> bool:
        if point in JOB_POINTS:
            return scene.record(batch, "nonce") != before
        if point in LOADING:  # when to load it again would order its jobs again
            return scene.record(batch, "ticket") is not None
        return scene.mill.ledger.batches.state(batch) is BatchState.FINISHED

    wait_until(taken_over, PATIENCE_S, "another worker to take over")
    scene.thawed(worker, batch)

    results = scene.judge(batch, placed.struck_s)
    uncertain = {name for name, each in results.items() if each.state is JobState.UNCERTAIN}
    assert point in LOSES_ANSWER or sku_of(batch, CHOSEN) not in uncertain


def test_workers_frozen_late_and_thawed(scene: Scene) -> None:
    """Nothing asks for a look at such a batch: it comes with the next round, for all at once."""
    batches = {f"frozen-{point}": point for point in LATE_POINTS}
    scene.staff(1 + len(batches))
    frozen = {}
    for batch, point in batches.items():
        placed = scene.place(batch, point, Action.FREEZE)
        scene.hand_in(batch)
        frozen[batch] = scene.frozen(placed)

    for batch in batches:
        scene.mill.finished(batch, PATIENCE_S)
    for batch, worker in frozen.items():
        scene.thawed(worker, batch)
    for batch in batches:
        results = scene.judge(batch, placed.struck_s)
        assert {result.attempts for result in results.values()} == {1}


def test_a_worker_thawed_before_its_order_left_sends_nothing(scene: Scene) -> None:
    """What another settled meanwhile stays settled: an order must not arrive after its end."""
    batch = "thawed-too-late"
    scene.staff(2)
    placed = scene.place(batch, Point.MARKED, Action.FREEZE)
    scene.hand_in(batch)
    worker = scene.frozen(placed)
    scene.mill.finished(batch, PATIENCE_S)
    prompt = prompt_of(batch, CHOSEN)
    settled = scene.mill.orders(prompt)

    scene.thawed(worker, batch)

    assert scene.mill.orders(prompt) == settled
    chosen = scene.judge(batch, placed.struck_s)[sku_of(batch, CHOSEN)]
    assert settled[prompt] == (chosen.state is JobState.SUCCEEDED)
