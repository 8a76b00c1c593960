"""What a person sees while a long manifest is read."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from producer.progress import LIVE_EVERY_S, PLAIN_EVERY_S, reading
from producer.submission import Order, check
from schemas.catalogue import catalogue
from schemas.clock import SystemClock
from tests.producer.manifests import given
from tests.submission.manifests import rows


class Stopwatch(SystemClock):
    """Stands until it is moved on."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s


def said(
    looks: list[tuple[int, float]], *, quiet: bool = False, terminal: bool = False, name: str = "c"
) -> str:
    """What `looks` (rows, seconds since the start) put on the console."""
    stream, clock = io.StringIO(), Stopwatch()
    console = Console(file=stream, width=80, force_terminal=terminal)
    with reading(console, clock, name, quiet=quiet) as read:
        for count, after_s in looks:
            clock.now_s = 100.0 + after_s
            read(count)
    return stream.getvalue()


def test_plain_lines_come_now_and_then() -> None:
    looks = [(i * 10_000, i * PLAIN_EVERY_S / 4) for i in range(1, 13)]
    assert said(looks, name="cups.csv").splitlines() == [
        "cups.csv: 40,000 rows read, 8,000 rows/s",
        "cups.csv: 80,000 rows read, 8,000 rows/s",
        "cups.csv: 120,000 rows read, 8,000 rows/s",
    ]


def test_what_is_read_at_once_shows_nothing() -> None:
    assert said([(500, 0.01), (1000, 0.02)]) == ""
    assert "rows read" not in said([(500, 0.01)], terminal=True)


def test_quiet_says_nothing() -> None:
    assert said([(500, 60.0)], quiet=True) == ""
    assert said([(500, 60.0)], quiet=True, terminal=True) == ""


def test_a_terminal_has_one_line_that_is_gone_at_the_end() -> None:
    shown = said([(500, LIVE_EVERY_S), (1000, 2 * LIVE_EVERY_S)], terminal=True)
    assert "500 rows read" in shown
    assert "1,000 rows read" in shown
    assert shown.rstrip().endswith("\x1b[2K")


def test_a_name_is_shown_as_harmless_text() -> None:
    shown = said([(500, 60.0)], name="[red]\x1b[2Jcups.csv")
    assert shown.startswith("[red]\\x1b[2Jcups.csv: 500 rows read")


def test_rows_are_told_while_they_are_read(tmp_path: Path) -> None:
    told: list[int] = []
    with given(rows(1234)) as manifest:
        check(manifest, catalogue(), Order(), tmp_path, tmp_path / "invalid.csv", told.append)
    assert told == [500, 1000]
