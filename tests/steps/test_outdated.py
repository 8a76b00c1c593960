"""A worker leaves a ledger that a newer release has taken over, and says why, once."""

from __future__ import annotations

from ledger.version import LEDGER_VERSION
from tests.steps.logs import logged
from tests.steps.mill import LEASE_S, Mill
from worker.heartbeat import Heartbeat


def test_it_leaves_when_the_ledger_is_newer(mill: Mill) -> None:
    told: list[str] = []
    beats = Heartbeat(
        mill.ledger.jobs, mill.ledger.fleet, LEASE_S, "w", 1, outdated=lambda: told.append("leave")
    )
    mill.ledger.version.admit()
    beats.beat()
    assert told == []
    mill.ledger.version.admit(LEDGER_VERSION + 1)
    with logged() as lines:
        beats.beat()
        beats.beat()
    assert told == ["leave"]
    assert [line["found"] for line in lines.of("ledger.newer")] == [LEDGER_VERSION + 1]
