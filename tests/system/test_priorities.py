"""An urgent batch beside a large one: it starts while the other runs, and the other goes on."""

from __future__ import annotations

import pytest

from schemas.states import JobState
from tests.system.mill import WANX, Mill
from tests.waiting import wait_until

pytestmark = pytest.mark.system
BIG, SMALL = 700, 5


def test_an_urgent_batch_is_over_long_before_the_one_it_came_after(mill: Mill) -> None:
    mill.start_workers(2)
    desk = mill.command_line
    big = mill.submit(desk.manifest("bulk", BIG))
    slowed = desk("lanes", "set", f"{WANX}@default", "--rate", "20/s", "--window", "20")
    assert slowed.code == 0, slowed.err
    wait_until(lambda: mill.orders("bulk").total() > 40, 30, "the first orders of the large batch")

    small = mill.submit(desk.manifest("hotfix", SMALL), "--priority", "high")
    finished = mill.finished(small)

    assert (finished.succeeded, finished.priority) == (SMALL, "high")
    running = mill.status(big)
    assert running.state == "running"
    assert running.pending > 100
    whose = [task["prompt"].split()[4] for task in mill.simulator.ledger()["tasks"]]
    turns = [index for index, batch in enumerate(whose) if batch == "hotfix"]
    assert len(turns) == SMALL
    # One after the other, but for orders that were already on their way.
    assert turns[-1] - turns[0] < SMALL + 20
    cancelled = desk("cancel", big, "--yes")
    assert cancelled.code == 0, cancelled.err
    ended = mill.finished(big)
    assert ended.succeeded + ended.cancelled == BIG
    assert set(mill.orders().values()) == {1}
    results = mill.results(small)
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    mill.check_pictures(results)
    mill.check_nothing_in_motion()
