"""An order whose answer was lost, struck again while it is looked for: it is still paid for once."""

from __future__ import annotations

import itertools

import pytest

from schemas.states import JobState
from tests.cli.command import prompt_of
from tests.faults.points import PATIENCE_S, Action, Point
from tests.faults.scene import CHOSEN, OTHER_ACCOUNTS, Scene, sku_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


CASES = zip(
    OTHER_ACCOUNTS,
    itertools.product((Point.MARKED, Point.SENT), (Action.KILL, Action.FREEZE)),
    strict=True,
)


@pytest.mark.parametrize(
    ("account", "lost_at", "action"), [(account, *case) for account, case in CASES]
)
def test_a_worker_struck_while_it_looks_for_a_lost_order(
    scene: Scene, account: str, lost_at: Point, action: Action
) -> None:
    """Nobody else orders through the account, so the list proves what became of the order."""
    batch = f"looked-for-{lost_at}-{action}"
    scene.staff(3)
    first = scene.place(batch, lost_at, Action.KILL)
    second = scene.place(batch, Point.LISTED, action)
    scene.hand_in(batch, account=account, rate_per_s=5.0)  # one order is under way at a time
    scene.killed(first)

    if action is Action.KILL:
        scene.killed(second)
    else:
        worker = scene.frozen(second)
        scene.mill.finished(batch, PATIENCE_S)
        scene.thawed(worker, batch)

    chosen = scene.judge(batch, first.struck_s)[sku_of(batch, CHOSEN)]
    prompt = prompt_of(batch, CHOSEN)
    assert chosen.state is JobState.SUCCEEDED
    assert scene.mill.orders(prompt)[prompt] == 1
