"""Kills workers that hold jobs, and ends others in order: python -m bench.kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import click

from bench import machine
from bench.fleet import Fleet, kill, running_fleet
from bench.holders import Held, Holders
from bench.mill import Failed, Limits, Mill, running_mill
from bench.rows import write_manifest
from schemas.mill_sections import WorkerSection

LANE = "dashscope:wanx-v1@default"
SLOTS = 4
RATE = 12
ROWS = 8000
BUSY_S = 8.0
SLOW: list[dict[str, object]] = [
    {"on": "create", "times": -1, "do": {"kind": "slow", "seconds": 0.3}},
    {"on": "download", "times": -1, "do": {"kind": "slow", "seconds": 1.5}},
]
"""So that a worker holds several jobs, in several states, whenever it is killed."""
LOOK_S = 0.02
EXIT_TIMEOUT_S = 60.0
FROZEN_LOOK_S = 0.1
"""Until the server's own account of the last moments has come."""


@dataclass(frozen=True)
class Spread:
    """Times, in seconds."""

    count: int
    p50_s: float
    p95_s: float
    longest_s: float


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    machine: dict[str, str]
    lease_s: float
    kills: int
    jobs_held: int
    jobs_held_by_state: dict[str, int]
    moved_again: Spread
    """From each kill until each job the worker held was in other hands."""
    exits: Spread
    """From SIGTERM to the end of the process."""
    exit_codes: dict[str, int]
    seconds: float


@dataclass
class _Orphans:
    """Jobs of one killed worker that nobody has taken up yet."""

    killed_s: float
    jobs: list[Held]


@click.command()
@click.option("--kills", type=click.IntRange(1), default=50, show_default=True)
@click.option("--exits", type=click.IntRange(1), default=40, show_default=True)
@click.option("--every", "every_s", type=float, default=3.0, show_default=True, help="Seconds.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path))
def main(*, kills: int, exits: int, every_s: float, file: Path | None) -> None:
    """How soon a killed worker's jobs move again, and how soon a worker told to end has ended."""
    signal.signal(signal.SIGTERM, _end_in_order)
    figures = measure(kills, exits, every_s)
    for label, words in figures.machine.items():
        click.echo(f"{label}: {words}")
    click.echo(
        f"\n{figures.kills} kills, lease {figures.lease_s:g} s; {figures.jobs_held} jobs held"
    )
    click.echo(f"  by state: {figures.jobs_held_by_state}")
    click.echo(f"  moved again: {_words(figures.moved_again)}")
    click.echo(f"{figures.exits.count} exits after SIGTERM: {_words(figures.exits)}")
    click.echo(f"  exit codes: {figures.exit_codes}; all of it took {figures.seconds:.0f} s")
    if file is not None:
        file.write_text(json.dumps(asdict(figures), indent=1) + "\n", encoding="utf-8")


def measure(kills: int, exits: int, every_s: float) -> Figures:
    """Both, on one busy mill."""
    described, began_s = machine.describe() | machine.moment(), time.monotonic()
    limits = Limits(rate=2 * RATE, lane_rate=RATE, window=400, generation_s=1.0)
    with (
        running_mill(workers=0, limits=limits) as mill,
        running_fleet(mill, SLOTS) as fleet,
        Holders(mill.redis_url, LANE) as holders,
    ):
        manifest = mill.folder / "mugs.csv"
        write_manifest(manifest, ROWS)
        mill.imagemill("submit", str(manifest), "--quiet")
        _script(mill, SLOW)
        time.sleep(BUSY_S)
        held, waits_s = _kill_many(fleet, holders, kills, every_s)
        _script(mill, None)
        time.sleep(BUSY_S)
        ends = [_end_one(fleet, number % SLOTS) for number in range(exits)]
    states = [job.state for job in held]
    codes = [str(code) for _, code in ends]
    return Figures(
        machine=described,
        lease_s=WorkerSection().lease_s,
        kills=kills,
        jobs_held=len(held),
        jobs_held_by_state={state: states.count(state) for state in sorted(set(states))},
        moved_again=spread(waits_s),
        exits=spread([wait_s for wait_s, _ in ends]),
        exit_codes={code: codes.count(code) for code in sorted(set(codes))},
        seconds=round(time.monotonic() - began_s, 1),
    )


def spread(times_s: Sequence[float]) -> Spread:
    """Median, 95th percentile and maximum of times that are not none."""
    ordered = sorted(times_s)
    p50, p95 = ordered[(len(ordered) - 1) // 2], ordered[-(-95 * len(ordered) // 100) - 1]
    return Spread(len(ordered), round(p50, 2), round(p95, 2), round(ordered[-1], 2))


def _kill_many(
    fleet: Fleet, holders: Holders, kills: int, every_s: float
) -> tuple[list[Held], list[float]]:
    """Kill one after the other, their waits overlapping; what they held, and each job's wait."""
    held: list[Held] = []
    waits_s: list[float] = []
    orphans: list[_Orphans] = []
    left, next_s = kills, time.monotonic()
    while left or orphans:
        slot = left % SLOTS
        if left and time.monotonic() >= next_s and fleet.is_ready(slot):
            next_s = time.monotonic() + every_s
            found = _kill_one(fleet, holders, slot)
            # A worker that holds nothing just now tells nothing: the next one is looked at.
            if found.jobs:
                held += found.jobs
                orphans.append(found)
                left -= 1
        for each in orphans:
            moved = holders.moved_on(each.jobs)
            waits_s += [time.monotonic() - each.killed_s] * len(moved)
            each.jobs = [job for job in each.jobs if job not in moved]
        orphans = [each for each in orphans if each.jobs]
        for each in orphans:
            if time.monotonic() - each.killed_s > EXIT_TIMEOUT_S:
                raise Failed(f"{each.jobs[0]} did not move for {EXIT_TIMEOUT_S:g} s")
        time.sleep(LOOK_S)
    return held, waits_s


def _kill_one(fleet: Fleet, holders: Holders, slot: int) -> _Orphans:
    """Freeze, look, kill: between the look and the end nothing changes hands."""
    victim = fleet.workers[slot]
    victim.send_signal(signal.SIGSTOP)
    time.sleep(FROZEN_LOOK_S)
    jobs = holders.held_by(victim.pid)
    if not jobs:
        victim.send_signal(signal.SIGCONT)
        return _Orphans(time.monotonic(), [])
    killed_s = time.monotonic()
    kill(fleet.replace(slot))
    return _Orphans(killed_s, list(jobs))


def _end_one(fleet: Fleet, slot: int) -> tuple[float, int]:
    """SIGTERM to a worker that works; how long it took, and its exit code."""
    fleet.wait_ready(slot)
    worker = fleet.workers[slot]
    told_s = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    try:
        code = worker.wait(EXIT_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"a worker did not end within {EXIT_TIMEOUT_S:g} s") from error
    wait_s = time.monotonic() - told_s
    worker.communicate()
    fleet.replace(slot)
    return wait_s, code


def _script(mill: Mill, faults: list[dict[str, object]] | None) -> None:
    """Put faults in force; None takes all away."""
    request = urllib.request.Request(
        f"{mill.simulator_url}/_faults",
        data=None if faults is None else json.dumps(faults).encode(),
        method="DELETE" if faults is None else "POST",
    )
    urllib.request.urlopen(request, timeout=10).close()


def _words(times: Spread) -> str:
    return (
        f"p50 {times.p50_s:.2f} s, p95 {times.p95_s:.2f} s, longest {times.longest_s:.2f} s"
        f" ({times.count})"
    )


def _end_in_order(_number: int, _frame: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m bench.kills")
