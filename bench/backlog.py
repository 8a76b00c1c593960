"""Measures what a waiting backlog costs: `submit`'s speed and memory, and the server's memory."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.mill import IMAGEMILL, Failed, Mill, running_mill
from bench.rows import write_manifest

LOOK_S = 0.005
TIMES = 3
LONGEST_S = 600.0
_PROGRESS = re.compile(r"[\d,]+ rows read")


@dataclass(frozen=True)
class Backlog:
    """One manifest handed in while no worker runs."""

    rows: int
    form: str
    rows_per_s: float
    """By the wall time of the whole command, the interpreter's start included; the median."""
    rows_per_s_each: tuple[float, ...]
    """Of each time, in order."""
    rows_per_s_started: float
    """The same without the wall time of handing in a manifest of one row."""
    start_s: float
    """That time."""
    peak_rss_mb: float
    """VmHWM of the submitting process, the largest of all times."""
    start_rss_mb: float
    """The same with one row."""
    server_mb: float
    """used_memory above empty, with all rows of one hand-in waiting."""
    progress_lines: int
    """How often the command said how far it was: the fewest of all times."""
    server_loaded_mb: float
    """used_memory above empty of a server that knows the scripts and one finished hand-in."""

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


class HandedIn(NamedTuple):
    """One `imagemill submit`."""

    wall_s: float
    peak_mb: float
    progress_lines: int


def measure(rows: int, form: str = "csv", times: int = TIMES) -> Backlog:
    """Hand in one row, then `rows`, each by the real command in a fresh process."""
    with running_mill(workers=0) as mill:
        empty = used_memory(mill)
        one, many = mill.folder / f"one.{form}", mill.folder / f"mugs.{form}"
        write_manifest(one, 1)
        write_manifest(many, rows)
        start = min(hand_in(mill, one, f"one-{number}") for number in range(TIMES))
        known = used_memory(mill)
        handed = [hand_in(mill, many, "mugs-0")]
        _check(mill, "mugs-0", rows)
        full = used_memory(mill)
        handed += [hand_in(mill, many, f"mugs-{number}") for number in range(1, times)]
        wall_s = statistics.median(each.wall_s for each in handed)
        return Backlog(
            rows=rows,
            form=form,
            rows_per_s=rows / wall_s,
            rows_per_s_each=tuple(rows / each.wall_s for each in handed),
            rows_per_s_started=rows / max(wall_s - start.wall_s, 1e-9),
            start_s=start.wall_s,
            peak_rss_mb=max(each.peak_mb for each in handed),
            start_rss_mb=start.peak_mb,
            progress_lines=min(each.progress_lines for each in handed),
            server_mb=(full - empty) / 1e6,
            server_loaded_mb=(known - empty) / 1e6,
        )


def _check(mill: Mill, batch: str, rows: int) -> None:
    waiting = mill.ledger.batches.status(batch)
    if waiting is None or waiting.pending != rows:
        raise Failed("not every row waits")


def hand_in(mill: Mill, manifest: Path, batch: str, *options: str) -> HandedIn:
    """Run `imagemill submit`, and look at it meanwhile. Raises Failed."""
    command = [IMAGEMILL, "submit", str(manifest), "--batch", batch, *options]
    log = mill.folder / f"submit-{batch}.log"
    began_s = time.perf_counter()
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command, cwd=mill.folder, env=mill.environment, stdout=subprocess.DEVNULL, stderr=said
        ) as process,
    ):
        try:
            peak_kib = _peak_kib(process)
        finally:
            process.kill()  # it has ended, unless we were interrupted or lost patience
        wall_s = time.perf_counter() - began_s
    words = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode != 0:
        raise Failed(f"imagemill submit ended with {process.returncode}: {words[-500:]}")
    return HandedIn(wall_s, peak_kib * 1024 / 1e6, len(_PROGRESS.findall(words)))


def _peak_kib(process: subprocess.Popen[bytes]) -> int:
    """Look until it ends. Raises Failed when it does not in time."""
    peak_kib, deadline_s = 0, time.monotonic() + LONGEST_S
    while process.poll() is None:
        if time.monotonic() > deadline_s:
            raise Failed(f"imagemill submit took more than {LONGEST_S:g} s")
        peak_kib = max(peak_kib, _high_water_kib(process.pid))
        time.sleep(LOOK_S)
    return peak_kib


def _high_water_kib(pid: int) -> int:
    """Peak resident memory so far; it only grows, so the last look is off by a few ms of growth."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0


def used_memory(mill: Mill) -> int:
    """The server's, in bytes, after the clients of ended commands are gone."""
    time.sleep(0.5)
    return int(mill.ledger.fleet.server_info()["used_memory"])
