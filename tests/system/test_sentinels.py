"""A fleet behind sentinels: its server dies, another leads, and nothing is paid for twice."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest

from ledger.opening import open_ledger
from schemas.states import JobState
from tests.sentinels import FAILOVER_S, PASSWORD, SENTINEL_PASSWORD, Trio
from tests.simulator.running import RunningSimulator
from tests.system.mill import SIMULATOR, WANX, Mill, Servers
from tests.valkey import Valkey
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]
ROWS = 120


def mill_of(folder: Path, stack: ExitStack) -> tuple[Mill, Trio]:
    trio = Trio(folder / "trio", stack)
    simulator = RunningSimulator(*SIMULATOR)
    stack.callback(simulator.stop)
    servers = Servers(cast("Valkey", trio), simulator)  # a mill asks it for its address only
    return Mill(folder / "mill", stack, servers=servers), trio


def test_ledger_and_queues_follow_a_new_leader(tmp_path: Path) -> None:
    with ExitStack() as stack:
        mill, trio = mill_of(tmp_path, stack)
        (worker,) = mill.start_workers(1)
        batch = mill.submit(mill.command_line.manifest("cups", ROWS))
        wait_until(lambda: mill.status(batch).succeeded > 10, 30, "the first pictures")

        before = trio.leader()
        trio.kill(before)
        trio.new_leader(before)
        assert mill.status(batch).succeeded < ROWS, "it was done before anything happened"

        mill.finished(batch, 90)
        states = {result.state for result in mill.results(batch).values()}
        assert states == {JobState.SUCCEEDED}
        assert set(mill.orders().values()) == {1}
        assert len(mill.orders()) == ROWS
        for secret in (PASSWORD, SENTINEL_PASSWORD):
            assert secret not in worker.log()


def test_nothing_leaves_that_a_new_leader_would_not_know_of(tmp_path: Path) -> None:
    with ExitStack() as stack:
        mill, trio = mill_of(tmp_path, stack)
        for port in trio.ports[1:]:
            trio.kill(port)
        mill.start_workers(1)
        batch = mill.submit(mill.command_line.manifest("jugs", 3))

        def complains() -> bool:
            (lane,) = mill.command_line("lanes", "--json").documents
            return "no replica" in str(lane)

        wait_until(complains, 30, f"{WANX} to say that no replica has the marks")
        assert mill.orders() == {}

        trio.start(trio.ports[1])
        mill.finished(batch, 90)
        assert list(mill.orders().values()) == [1, 1, 1]
        attempts = [result.attempts for result in mill.results(batch).values()]
        assert attempts == [1, 1, 1]


def test_an_idle_connection_finds_the_new_leader(tmp_path: Path) -> None:
    with ExitStack() as stack:
        trio = Trio(tmp_path, stack)
        ledger = open_ledger(trio.url)
        stack.callback(ledger.close)
        assert ledger.fleet.lead("me", 600)

        before = trio.leader()
        trio.kill(before)
        trio.new_leader(before)

        assert ledger.fleet.leader() == "me"
        assert not ledger.fleet.lead("another", 1)
        trio.start(before)  # it comes back as a replica, which refuses to be written to
        wait_until(lambda: trio.replicas(trio.leader()) == 2, FAILOVER_S, "it to follow")
        assert ledger.fleet.lead("me", 600)
