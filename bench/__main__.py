"""Measures imagemill on this machine and prints the table: python -m bench."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from bench import machine, plots, results, table
from bench.measurements import MEASUREMENTS, Measurement
from bench.mill import Failed
from bench.results import Results, Taken

NAMES = [each.name for each in MEASUREMENTS]


@click.command()
@click.option("--quick", is_flag=True, help="Less of it, in two minutes; written nowhere.")
@click.option("--only", "names", type=click.Choice(NAMES), multiple=True, help="Repeatable.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the figures to this file only. [default: bench/results.json and bench/README.md]",
)
def main(*, quick: bool, names: tuple[str, ...], out: Path | None) -> None:
    """Measure whether the mill keeps what its table promises, with its peers beside it.

    Figures are written as they come: what is interrupted keeps those it has.
    """
    signal.signal(signal.SIGTERM, _end_in_order)
    chosen = [each for each in MEASUREMENTS if not names or each.name in names]
    if quick:
        chosen = [each for each in chosen if each.quickly is not None]
    path = None if quick and out is None else out or table.RESULTS
    found = _measure_all(chosen, _kept(path, some=bool(names)), path, quick=quick)
    if out is None and not quick:
        table.write(found)
        plots.draw(found, table.FOLDER)
    click.echo(table.markdown(found))
    if any(found.taken[each.name].failed for each in chosen):
        sys.exit(1)


def _kept(path: Path | None, *, some: bool) -> Results:
    """What the new figures are put beside."""
    try:
        before = results.read(path) if path is not None else None
        return results.beside(before, machine.describe(), some=some)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _measure_all(
    chosen: Sequence[Measurement], found: Results, path: Path | None, *, quick: bool
) -> Results:
    for number, each in enumerate(chosen, 1):
        click.echo(f"{number} of {len(chosen)}: {each.says} ...", err=True)
        taken = _taken(each, quick=quick)
        click.echo(f"  {taken.failed or 'done'} after {taken.took_s:.0f} s", err=True)
        found = found.with_taken(each.name, taken)
        if path is not None:
            results.write(found, path)
    return found


def _taken(measurement: Measurement, *, quick: bool) -> Taken:
    """Measure; what fails is written down as such, and the next is measured."""
    moment = machine.moment()
    before_ms = machine.loop_ms()
    measure = (quick and measurement.quickly) or measurement.measure
    began_s = time.monotonic()
    try:
        figures, failed = measure(), ""
    except (Failed, OSError, subprocess.SubprocessError) as error:
        figures, failed = {}, f"{type(error).__name__}: {error}"
    took_s = time.monotonic() - began_s
    pace = before_ms, machine.loop_ms()
    return Taken(moment["date"], moment["load before"], took_s, quick, figures, failed, pace)


def _end_in_order(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends what was started, as Ctrl-C does."""
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m bench")
