"""A seeded storm on a whole mill, and its verdict: `python -m tests.storm --seed 1`."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

import click

from tests.storm.plan import Wish, make_plan
from tests.storm.run import Report, run_storm

SHOWN_FINDINGS = 40


@click.command(context_settings={"show_default": True})
@click.option("--seed", type=int, help="Chooses everything. [default: a new one]")
@click.option("--jobs", type=click.IntRange(1), default=2000)
@click.option("--kills", type=click.IntRange(0), default=60, help="SIGKILLs of workers.")
@click.option("--redis-restarts", type=click.IntRange(0), default=3, help="SIGKILLs of Redis.")
@click.option("--freezes", type=click.IntRange(0), default=6, help="SIGSTOPs of workers.")
@click.option("--workers", type=click.IntRange(1), default=3)
@click.option(
    "--faults",
    type=click.FloatRange(0, 1),
    default=0.05,
    help="Share of rows with a fault, at each of ordering, asking and fetching.",
)
@click.option("--echo", is_flag=True, help="The provider repeats prompts, as later models do.")
@click.option("--seaweed", is_flag=True, help="Store in a SeaweedFS instead of a directory.")
@click.option("--peer", is_flag=True, help="The same on a plain Celery app.")
@click.option("--keep", is_flag=True, help="Keep the folder with all logs, and say where it is.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path))
def main(
    *, seed: int | None, peer: bool, seaweed: bool, keep: bool, file: Path | None, **wished: Any
) -> None:
    """Kill, freeze and starve a mill from a seed, and judge what it made of its batch.

    Exits with 0 only when the verdict is clean.
    """
    signal.signal(signal.SIGTERM, _end_in_order)
    plan = make_plan(Wish(seed=secrets.randbelow(10**6) if seed is None else seed, **wished))
    click.echo(f"seed {plan.wish.seed}, plan {plan.digest}")
    click.echo(f"{len(plan.events)} strikes, {len(plan.faults)} faults of the provider")
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    try:
        report = run_storm(plan, folder, click.echo, peer=peer, seaweed=seaweed)
    finally:
        if keep:
            click.echo(f"kept in {folder}")
        else:
            shutil.rmtree(folder)
    _show(report)
    if file is not None:
        file.write_text(json.dumps(report.document(), indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if report.findings else 0)


def _show(report: Report) -> None:
    figures, course = report.verdict.figures, report.course
    states = ", ".join(f"{state} {count}" for state, count in sorted(figures.states.items()))
    click.echo(f"\n{figures.jobs} jobs in {course.seconds:.0f} s: {states}")
    click.echo(
        f"{course.strikes} strikes, {report.faults_struck} faults, {report.throttled} x 429\n"
        f"charged {figures.charged}, twice {figures.charged_twice},"
        f" possible doubles {figures.possible_doubles}, uncertain {figures.uncertain},"
        f" reconciled {report.told.get('reconciled', 0)},"
        f" abandoned {figures.abandoned}, lost {figures.lost}; {figures.images} pictures"
    )
    for name, count in report.told.items():
        click.echo(f"  {count:6}  {name}")
    click.echo(f"\nverdict: {'clean' if not report.findings else 'NOT clean'}")
    for finding in report.findings[:SHOWN_FINDINGS]:
        click.echo(f"- {finding}")
    if len(report.findings) > SHOWN_FINDINGS:
        click.echo(f"- and {len(report.findings) - SHOWN_FINDINGS} more")


def _end_in_order(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends what was started, as Ctrl-C does."""
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m tests.storm")
