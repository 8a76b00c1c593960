"""Measures a mill with a million rows before it: looked at, worked on, paused, shared, cancelled.

python -m bench.million [ROWS]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bench.backlog import hand_in, used_memory
from bench.cost import Instant
from bench.fleet import running_fleet
from bench.mill import Mill, running_mill, wait_until
from bench.orders import arrivals_s, first_order_s
from bench.rows import write_manifest
from bench.sharing import Sharing, shared, takes_priorities, urgent_start_s

ROWS = 1_000_000
WORKERS = 2
RUNNING_S = 30.0
LOOK_S = 0.25
CALLS = 50
COMMANDS = 5
STEADY_S = 3.0
QUIET_S = 3.0
"""Without an order for so long, a batch counts as stopped."""
ORDER_TIMEOUT_S = 60.0
LANE = "dashscope:wanx-v1@default"
RATE = 20
"""Orders a second of the lane while it is shared and stopped, as under a quota."""
MILLION, ONE = "million", "one"


@dataclass(frozen=True)
class Steered:
    """A command that stops a batch."""

    command_s: float
    """Until the command has ended."""
    effective_s: float
    """From the command's start until the last order reached the provider; 0: none came."""


@dataclass(frozen=True)
class Million:
    """One large batch, from handing in to cancelling."""

    rows: int
    waiting_mb: float
    """The server's used_memory above empty, all rows waiting."""
    running_mb: float
    """The most of it while workers run against a provider that answers at once."""
    running_jobs: int
    """Ended in that time."""
    status_ms: float
    """Reading the batch's status from the ledger, all rows waiting; the median."""
    status_running_ms: float
    """The same while workers run."""
    status_command_s: float
    """The whole command `imagemill status`, the interpreter's start included; the median."""
    status_one_row_s: float
    """The same for a batch of one row: what size costs is the difference."""
    python_s: float
    """Of that: `python -c pass`."""
    pause: Steered
    cancel: Steered
    urgent_start_s: float | None
    """From the start of `submit --priority high` to the first order; None: no such option."""
    sharing: Sharing

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


def measure(rows: int = ROWS, running_s: float = RUNNING_S) -> Million:
    """Hand in, and then everything else beside the rows that wait."""
    with running_mill(0, Instant(image_bytes=2_000)) as mill:
        empty = used_memory(mill)
        _hand_in_both(mill, rows)
        waiting = used_memory(mill)
        status_ms = _status_ms(mill)
        status_s, one_s = (_command_s(mill, "status", batch) for batch in (MILLION, ONE))
        with running_fleet(mill, WORKERS):
            first_order_s(mill, "mug", 0.0, ORDER_TIMEOUT_S)
            running = _most_memory(mill, running_s)
            done = _ended(mill)
            status_running_ms = _status_ms(mill)
            mill.imagemill("lanes", "set", LANE, "--rate", f"{RATE}/s")
            time.sleep(STEADY_S)
            urgent_s = urgent_start_s(mill) if takes_priorities(mill) else None
            sharing = shared(mill)
            pause = _stopped(mill, "pause")
            _resume(mill)
            time.sleep(STEADY_S)
            cancel = _stopped(mill, "cancel", "--yes")
        return Million(
            rows=rows,
            waiting_mb=(waiting - empty) / 1e6,
            running_mb=(running - empty) / 1e6,
            running_jobs=done,
            status_ms=status_ms,
            status_running_ms=status_running_ms,
            status_command_s=status_s,
            status_one_row_s=one_s,
            python_s=_python_s(),
            pause=pause,
            cancel=cancel,
            urgent_start_s=urgent_s,
            sharing=sharing,
        )


def _hand_in_both(mill: Mill, rows: int) -> None:
    for batch, count, thing in ((ONE, 1, "jug"), (MILLION, rows, "mug")):
        manifest = mill.folder / f"{batch}.csv"
        write_manifest(manifest, count, thing)
        hand_in(mill, manifest, batch)


def _resume(mill: Mill) -> None:
    """Let the million go on; returns with its first order."""
    resumed_s = time.time()
    mill.imagemill("resume", MILLION, "--quiet")
    first_order_s(mill, "mug", resumed_s, ORDER_TIMEOUT_S)


def _stopped(mill: Mill, command: str, *options: str) -> Steered:
    """Stop the million; orders are counted by the provider, not by us."""
    began_s = time.time()
    mill.imagemill(command, MILLION, "--quiet", *options)
    command_s = time.time() - began_s
    last_s = began_s

    def is_quiet() -> bool:
        nonlocal last_s
        last_s = max([last_s, *arrivals_s(mill, "mug")[-1:]])
        return time.time() - max(last_s, began_s + command_s) > QUIET_S

    wait_until(is_quiet, ORDER_TIMEOUT_S, f"`imagemill {command}` to stop the orders")
    return Steered(command_s, last_s - began_s)


def _most_memory(mill: Mill, seconds: float) -> int:
    most, until_s = 0, time.monotonic() + seconds
    while time.monotonic() < until_s:
        most = max(most, int(mill.ledger.fleet.server_info()["used_memory"]))
        time.sleep(LOOK_S)
    return most


def _ended(mill: Mill) -> int:
    status = mill.ledger.batches.status(MILLION)
    return status.ended if status else 0


def _status_ms(mill: Mill) -> float:
    return 1000 * _median_s(lambda: mill.ledger.batches.status(MILLION), CALLS)


def _command_s(mill: Mill, *arguments: str) -> float:
    return _median_s(lambda: mill.imagemill(*arguments), COMMANDS)


def _python_s() -> float:
    return _median_s(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), COMMANDS)


def _median_s(act: Callable[[], object], times: int) -> float:
    taken_s = []
    for _ in range(times):
        began_s = time.perf_counter()
        act()
        taken_s.append(time.perf_counter() - began_s)
    return statistics.median(taken_s)


def main() -> None:
    """One run with nothing around it, to look at."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(json.dumps(measure(rows).document(), indent=1))


if __name__ == "__main__":
    main()
