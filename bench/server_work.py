"""What the Redis server does for a job: the difference between two looks at its INFO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.opening import Ledger


@dataclass(frozen=True)
class ServerWork:
    """Per job, the mill's idle ticks included."""

    cpu_ms: float
    """User and system time of the server; waiting for the disk is no CPU."""
    busy_ms: float
    """Its one thread at work, waiting for the disk included: what saturates first.

    (Redis and Valkey, INFO: eventloop_duration_sum.)
    """
    cycles: float
    """Rounds of its event loop; with `appendfsync always` each syncs the file at most once."""
    scripts: float
    """Lua scripts that clients had it run."""
    commands: float
    """Everything it ran, commands inside scripts included."""
    received_bytes: float
    """From clients."""


def read_server(ledger: Ledger) -> dict[str, Any]:
    """What the server says of itself and of its commands."""
    commands = ledger.client.info("commandstats")
    runs = commands.get("cmdstat_evalsha", {}).get("calls", 0)
    return {**ledger.fleet.server_info(), "scripts": runs}


def work_between(before: Mapping[str, Any], after: Mapping[str, Any], jobs: int) -> ServerWork:
    """Of so many jobs."""

    def _more(*names: str) -> float:
        return sum(float(after[name]) - float(before[name]) for name in names) / jobs

    return ServerWork(
        cpu_ms=1000 * _more("used_cpu_user", "used_cpu_sys"),
        busy_ms=_more("eventloop_duration_sum") / 1000,
        cycles=_more("eventloop_cycles"),
        scripts=_more("scripts"),
        commands=_more("total_commands_processed"),
        received_bytes=_more("total_net_input_bytes"),
    )
