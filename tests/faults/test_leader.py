"""The worker that leads, frozen: another leads soon, and when the first comes back both are fine."""

from __future__ import annotations

import pytest

from ledger.keys import LEADER
from tests.faults.points import PATIENCE_S
from tests.faults.scene import Scene
from tests.waiting import wait_until
from worker.dispatcher import STANDBY_S, TERM_S

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
SLACK_S = 5.0
"""For a busy machine."""


def leader_of(scene: Scene) -> str | None:
    found = scene.mill.ledger.client.get(LEADER)
    return None if found is None else str(found)


def test_another_leads_soon_after_the_leader_froze(scene: Scene) -> None:
    workers = {worker.name: worker for worker in scene.staff(2)}
    wait_until(lambda: leader_of(scene) in workers, PATIENCE_S, "a leader")
    first = str(leader_of(scene))
    workers[first].freeze()
    frozen_s = scene.now_s

    scene.hand_in("led-by-another")
    others = workers.keys() - {first}
    wait_until(lambda: leader_of(scene) in others, PATIENCE_S, "another leader")
    assert scene.now_s - frozen_s < TERM_S + STANDBY_S + SLACK_S

    workers[first].thaw()
    scene.judge("led-by-another", frozen_s)
    assert scene.workers == list(workers.values())
