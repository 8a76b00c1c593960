"""Tables on stdout that no program and no person has to guess at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from producer.problem import printable

WIDE = 400
"""Columns of a table that is not read on a terminal: nothing is cut."""


class _Console(Console):
    """Leaves a closed pipe to the edge of the program, where rich itself would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError."""
        raise BrokenPipeError


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their columns; the first column, a name to type again, is never cut."""
    console = _Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, no_wrap=index == 0, overflow="fold")
    for row in rows:
        table.add_row(*map(printable, row))
    console.print(table, markup=False)
