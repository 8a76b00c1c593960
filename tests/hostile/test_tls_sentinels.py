"""sentinels:// and rediss:// against servers that speak TLS themselves, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest
from kombu.exceptions import KombuError

from ledger.errors import LedgerError
from ledger.opening import open_ledger
from schemas.states import JobState
from tests.hostile.tls import make_authority
from tests.program import lacking
from tests.sentinels import Trio, tls_program
from tests.simulator.running import RunningSimulator
from tests.system.mill import SIMULATOR, Mill, Servers
from tests.valkey import Valkey
from worker.app import make_app

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
ROWS = 12


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    program = tls_program() or lacking(
        "tls-server", "no server speaks TLS; apt-get install redis-server"
    )
    folder = tmp_path_factory.mktemp("tls")
    certificate = make_authority(folder / "authority", "DNS:localhost,IP:127.0.0.1")
    with ExitStack() as stack:
        # Nobody fails here: a busy machine must not look like it.
        yield Trio(folder, stack, program, certificate, down_after_s=30.0)


def test_a_batch_is_made_behind_sentinels_that_speak_tls(trio: Trio, tmp_path: Path) -> None:
    with ExitStack() as stack:
        simulator = RunningSimulator(*SIMULATOR)
        stack.callback(simulator.stop)
        servers = Servers(cast("Valkey", trio), simulator)  # a mill asks it for its address only
        mill = Mill(tmp_path / "mill", stack, servers=servers)
        mill.start_workers(1)
        batch = mill.submit(mill.command_line.manifest("cups", ROWS))
        mill.finished(batch)
        assert {one.state for one in mill.results(batch).values()} == {JobState.SUCCEEDED}
        assert set(mill.orders().values()) == {1}


def test_a_server_that_speaks_tls_itself_is_reached(trio: Trio) -> None:
    url = rediss(trio)
    ledger = open_ledger(url, patient=False)
    assert ledger.fleet.now_ms() > 0
    ledger.close()
    with make_app(url, 2).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)


@pytest.mark.parametrize("kind", ["sentinels", "rediss"])
def test_a_stranger_is_not_believed(trio: Trio, kind: str, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "another", "DNS:localhost,IP:127.0.0.1")
    known = trio.url if kind == "sentinels" else rediss(trio)
    url = known.replace(str(trio.tls), str(other))
    assert url != known
    with pytest.raises(LedgerError):
        open_ledger(url, patient=False).fleet.now_ms()
    with (
        make_app(url, 2).connection_for_write() as connection,
        pytest.raises((KombuError, OSError)),
    ):
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)


def rediss(trio: Trio) -> str:
    return f"rediss://:s3cr3t%2F%25%2B%40%3A@localhost:{trio.leader()}/0?ssl_ca_certs={trio.tls}"
