"""Shows a batch on its way: a live panel on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from producer.pace import Figures, Pace, duration
from producer.problem import printable
from producer.standing import budget, hindrances, is_held, money, reused, risk
from schemas.batch import BatchStatus
from schemas.clock import Clock

Show = Callable[[BatchStatus, float], None]
"""Called with a snapshot and the time (seconds, monotonic)."""

Read = Callable[[int], None]
"""Called with the rows read so far, every few hundred."""

PLAIN_EVERY_S = 5.0
LIVE_EVERY_S = 0.25


@contextmanager
def progress(console: Console, *, quiet: bool = False) -> Iterator[Show]:
    """Something to show snapshots with, for as long as the block runs."""
    pace = Pace()
    if quiet:
        yield lambda _status, _now_s: None
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=4, transient=False) as live:
            yield lambda status, now_s: live.update(panel(status, pace.see(status, now_s)))
    else:
        yield _plain(console, pace)


def ignore(_rows: int) -> None:
    """A Read for whoever wants to see nothing."""


@contextmanager
def reading(
    console: Console, clock: Clock, name: str, *, done: str = "read", quiet: bool = False
) -> Iterator[Read]:
    """Something to tell how far a manifest's rows are read, or what else
    is `done` to them, for as long as the block runs.

    A terminal has one line, which is gone at the end; elsewhere there is a line now and then. What
    is read at once shows nothing.
    """
    if quiet:
        yield ignore
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield _reading(
                clock,
                (name, done),
                LIVE_EVERY_S,
                lambda said: live.update(
                    Text(said, no_wrap=True, overflow="ellipsis"), refresh=True
                ),
            )
    else:
        yield _reading(
            clock,
            (name, done),
            PLAIN_EVERY_S,
            lambda said: console.print(said, highlight=False, soft_wrap=True, markup=False),
        )


def _reading(
    clock: Clock, told: tuple[str, str], every_s: float, say: Callable[[str], None]
) -> Read:
    name, done = told
    began_s = clock.monotonic_s()
    next_s = [began_s + every_s]

    def show(rows: int) -> None:
        now_s = clock.monotonic_s()
        if now_s >= next_s[0]:
            next_s[0] = now_s + every_s
            say(f"{printable(name)}: {rows:,} rows {done}, {rows / (now_s - began_s):,.0f} rows/s")

    return show


def _plain(console: Console, pace: Pace) -> Show:
    last_s: list[float] = []

    def show(status: BatchStatus, now_s: float) -> None:
        figures = pace.see(status, now_s)
        finished = status.state == "finished"
        if last_s and now_s - last_s[0] < PLAIN_EVERY_S and not finished:
            return
        last_s[:] = [now_s]
        console.print(line(status, figures), highlight=False, soft_wrap=True, markup=False)

    return show


def line(status: BatchStatus, figures: Figures) -> str:
    """One line: done, in play, waiting, speed, cost, time left."""
    text = (
        f"{status.batch}: {status.ended}/{status.total} done, {status.in_play} in play,"
        f" {status.pending} waiting, {status.images} images ({figures.images_per_min:.0f}/min),"
        f" {money(status)}"
    )
    text += f", {reused(status)}" if status.reused else ""
    if status.state == "finished":
        return f"{text}, finished"
    for said in hindrances(status):
        text += f"; {printable(said)}"
    if figures.remaining_s is not None and not is_held(status):
        text += f", about {duration(figures.remaining_s)} left"
    return text


def panel(status: BatchStatus, figures: Figures) -> Panel:
    """The live panel."""
    bar = Table.grid(expand=True)  # a bar ends no line of its own
    bar.add_row(ProgressBar(total=max(status.total, 1), completed=status.ended))
    counts = Table.grid(padding=(0, 3))
    counts.add_row(
        Text(f"{status.ended} done", style="green"),
        Text(f"{status.in_play} in play", style="cyan"),
        Text(f"{status.pending} waiting", style="dim"),
        Text(_troubles(status), style="yellow"),
    )
    counts.add_row(
        f"{status.images} images",
        f"{figures.images_per_min:.0f} images/min",
        money(status),
        "finished" if status.state == "finished" else _left(status, figures),
    )
    parts: list[Text | Table] = [bar, counts]
    parts += [Text(reused(status), style="dim")] if status.reused else []
    parts += [Text(f"Budget: {budget(status)}")] if status.budgets else []
    parts += [Text(printable(said), style="red") for said in hindrances(status)]
    parts += [Text(risk(status), style="yellow")] if risk(status) else []
    return Panel(Group(*parts), title=status.batch, title_align="left", border_style="dim")


def _left(status: BatchStatus, figures: Figures) -> str:
    if is_held(status):
        return status.state
    if figures.remaining_s is None:
        return "time left: not known yet"
    return f"about {duration(figures.remaining_s)} left"


def _troubles(status: BatchStatus) -> str:
    named = {"partial": status.partial, "failed": status.failed, "uncertain": status.uncertain}
    return ", ".join(f"{count} {name}" for name, count in named.items() if count)
