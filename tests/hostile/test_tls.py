"""rediss:// encrypts both connections, the ledger's and Celery's, and believes no stranger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from kombu.exceptions import KombuError

from ledger.errors import LedgerError
from ledger.opening import open_ledger
from schemas.states import JobState
from tests.hostile.fortress import PASSWORDS, Fortress
from tests.hostile.tls import TlsGate, make_authority, tls_before
from tests.system.worker_process import WorkerProcess
from tests.waiting import wait_until
from worker.app import make_app

pytestmark = pytest.mark.system


@pytest.fixture
def gate(fortress: Fortress, tmp_path: Path) -> Iterator[TlsGate]:
    with tls_before(fortress.port, tmp_path / "authority") as opened:
        yield opened


def url(gate: TlsGate, user: str, host: str = "localhost", query: str = "") -> str:
    return f"rediss://{user}:{quote(PASSWORDS[user], safe='')}@{host}:{gate.port}/0{query}"


def trusting(authority: Path) -> str:
    return f"?ssl_ca_certs={authority}"


def test_a_batch_is_made_over_tls(fortress: Fortress, gate: TlsGate, tmp_path: Path) -> None:
    known = trusting(gate.authority)
    desk = fortress.desk("worker", IMAGEMILL_REDIS_URL=url(gate, "worker", query=known))
    worker = WorkerProcess(desk, tmp_path / "worker.log")
    try:
        wait_until(lambda: " ready." in worker.log(), 30, "the worker")
        over_tls = {"IMAGEMILL_REDIS_URL": url(gate, "producer", query=known)}
        manifest = fortress.desk().write("tls.csv", "sku,prompt,model\nT,a cup over TLS,wanx-v1\n")
        code, said = fortress.say("submit", manifest, **over_tls)
        assert code == 0, said
        (result,) = fortress.results(said.split()[0])
        assert result.state is JobState.SUCCEEDED
    finally:
        worker.kill()
    assert b"BRPOP" in b"".join(gate.passed)
    assert b"EVALSHA" in b"".join(gate.passed)


@pytest.mark.parametrize("who", ["nobody", "another authority", "another name"])
def test_a_stranger_gets_no_password(gate: TlsGate, tmp_path: Path, who: str) -> None:
    given = {
        "nobody": url(gate, "worker"),
        "another authority": url(
            gate, "worker", query=trusting(make_authority(tmp_path / "another"))
        ),
        "another name": url(gate, "worker", "127.0.0.1", trusting(gate.authority)),
    }[who]

    with pytest.raises(LedgerError):
        open_ledger(given, patient=False).fleet.now_ms()
    with make_app(given, 2).connection_for_write() as connection, pytest.raises(KombuError):
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
    assert gate.passed == []
