"""`healthcheck` as containers ask it."""

from __future__ import annotations

import socket

import pytest

from ledger.keys import BEATS
from ledger.opening import open_ledger
from tests.cli.command import CommandLine
from tests.ports import free_ports
from tests.valkey import Valkey

HERE = f"{socket.gethostname()}-17"


def test_a_process_is_healthy_once_it_has_reported(shared: CommandLine, valkey: Valkey) -> None:
    before = shared("healthcheck")
    assert (before.code, before.err) == (8, "")
    assert "No worker on" in before.out

    ledger = open_ledger(valkey.url)
    ledger.fleet.report_in(HERE, 32)
    ledger.client.zadd(BEATS, {HERE: ledger.fleet.now_ms() + 10_000})
    assert shared("healthcheck", "worker").code == 0
    assert HERE in shared("healthcheck", "beat", "--live").out
    assert "Nobody leads" in shared("healthcheck", "fleet").out
    ledger.fleet.lead(HERE, 60)
    fleet = shared("healthcheck", "fleet")
    ledger.close()
    assert (fleet.code, fleet.out) == (0, f"{HERE} leads; 1 worker(s) take work.\n")


@pytest.mark.parametrize(("options", "code"), [((), 8), (("--live",), 0)])
def test_a_redis_that_is_away_is_mended_by_no_restart(
    alone: CommandLine, options: tuple[str, ...], code: int
) -> None:
    (port,) = free_ports(1)
    away = alone.with_variables(IMAGEMILL_REDIS_URL=f"redis://127.0.0.1:{port}/0")
    ran = away("healthcheck", "worker", *options)
    assert ran.code == code
    assert "does not answer" in ran.out


def test_without_a_server_or_a_page_nothing_is_healthy(alone: CommandLine) -> None:
    assert "IMAGEMILL_REDIS_URL is not set" in alone("healthcheck", "--live").out
    (port,) = free_ports(1)
    flower = alone.with_variables(IMAGEMILL_FLOWER__PORT=str(port))("healthcheck", "flower")
    assert (flower.code, "does not answer" in flower.out) == (8, True)
