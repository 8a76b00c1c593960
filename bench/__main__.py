"""Measures imagemill on this machine and prints the table: python -m bench."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from bench import backlog, cost, machine, quota, table
from bench.mill import Limits
from bench.peers import comparison

CELERY_TIME_BOX_S = 90.0
SDK_TIME_BOX_S = 300.0
STRICT = tuple(Limits(limiter="sliding-window", lane_rate=rate) for rate in (20.0, 19.0))
"""The strictest way to count, met at the limit and a little below."""


@click.command()
@click.option("--quick", is_flag=True, help="Fewer jobs and rows, no peers; written nowhere.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the figures to this file only. [default: bench/results.json and bench/README.md]",
)
def main(*, quick: bool, out: Path | None) -> None:
    """Measure how much of a quota the mill uses, and what a waiting backlog costs."""
    signal.signal(signal.SIGTERM, _end_in_order)
    figures = _measure(jobs=100 if quick else 400, rows=20_000 if quick else 100_000, quick=quick)
    click.echo(table.markdown(figures))
    if out is not None:
        table.write_json(figures, out)
    elif not quick:
        table.write(figures)


def _measure(jobs: int, rows: int, *, quick: bool) -> table.Figures:
    limits = Limits()
    described = machine.describe()
    _say(f"{jobs} jobs at {limits.rate}/s through {quota.WORKERS} workers ...")
    used = quota.measure(jobs, limits)
    _say(f"{rows:,} rows handed in ...")
    waiting = backlog.measure(rows)
    _say("what a job costs ...")
    costs = _costs(quick=quick)
    strict: tuple[quota.Quota, ...] = ()
    peers: tuple[comparison.Peer, ...] = ()
    if not quick:
        _say("the same against a sliding window ...")
        strict = tuple(quota.measure(jobs, each) for each in STRICT)
        _say("the SDK in threads ...")
        threads = comparison.sdk_threads(jobs, limits, SDK_TIME_BOX_S)
        _say(f"a plain Celery app, at most {CELERY_TIME_BOX_S:g} s ...")
        peers = (threads, comparison.plain_celery(jobs, limits, CELERY_TIME_BOX_S))
    return table.Figures(described, used, strict, waiting, peers, costs)


def _costs(*, quick: bool) -> tuple[cost.Cost, ...]:
    if quick:
        return (cost.measure(cost.QUICK_JOBS),)
    return cost.measure(cost.JOBS), cost.measure(cost.JOBS, thumbnails=True)


def _say(words: str) -> None:
    click.echo(words, err=True)


def _end_in_order(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends what was started, as Ctrl-C does."""
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m bench")
