"""SIGTERM while the server is gone: every process of a fleet ends in time, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from schemas.states import JobState
from tests.cli.forked import Forked
from tests.ports import free_ports
from tests.system.mill import Mill
from tests.system.worker_process import WorkerProcess
from tests.valkey import Valkey
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
ROWS = 40
STOPPED_S = 15.0
"""Ten are promised; the machine may be busy."""


@pytest.mark.parametrize("goes", [Valkey.kill, Valkey.freeze], ids=["killed", "never-answers"])
def test_all_end_in_time_while_the_server_is_gone(
    mill: Mill, goes: Callable[[Valkey], None]
) -> None:
    mill.simulator.script({"on": "create", "times": -1, "do": {"kind": "slow", "seconds": 0.2}})
    (worker,) = mill.start_workers(1)
    (port,) = free_ports(1)
    with (
        mill.command_line.started("beat") as beat,
        mill.command_line.started("ui", "--port", str(port)) as pages,
    ):
        wait_for_line(beat)
        wait_for_line(pages)
        batch = mill.submit(mill.command_line.manifest("jars", ROWS))
        wait_until(lambda: mill.status(batch).running > 0, 30, "orders under way")
        goes(mill.valkey)
        codes = ended(worker, beat, pages)
    assert codes == {"worker": 0, "beat": 0, "pages": 0}

    mill.valkey.kill()
    mill.valkey.restart()
    mill.start_workers(1)
    mill.finished(batch)
    results = mill.results(batch)
    assert {each.state for each in results.values()} <= {JobState.SUCCEEDED, JobState.UNCERTAIN}
    assert set(mill.orders().values()) == {1}


def ended(
    worker: WorkerProcess, beat: subprocess.Popen[bytes], pages: subprocess.Popen[bytes]
) -> dict[str, int]:
    """SIGTERM to all; each one's exit code, which was there in time."""
    everybody: dict[str, Forked | subprocess.Popen[bytes]]
    everybody = {"worker": worker.process, "beat": beat, "pages": pages}
    began_s = time.perf_counter()
    for process in everybody.values():
        process.send_signal(signal.SIGTERM)
    codes = {}
    for name, process in everybody.items():
        with contextlib.suppress(subprocess.TimeoutExpired):
            codes[name] = process.wait(began_s + STOPPED_S - time.perf_counter())
    return codes


def wait_for_line(process: subprocess.Popen[bytes]) -> None:
    """Return once it said that it is there."""
    assert process.stderr is not None
    assert process.stderr.readline()
