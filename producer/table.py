"""Tables on stdout that no program and no person has to guess at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from producer.problem import printable

WIDE = 400
"""Columns of a table that is not read on a terminal: nothing is cut."""
_GAP = 2
_LEAST_LAST = 24
"""What the last column needs at least for its words to be read one line under the other."""


class _Console(Console):
    """Leaves a closed pipe to the edge of the program, where rich itself would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError."""
        raise BrokenPipeError


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None = None
) -> None:
    """Print rows under their columns; the first column, a name to type again, is never cut.

    Where the terminal (or `width`, in characters) is too narrow for that, each row is its name and a
    list of the rest below it.
    """
    console = _Console(highlight=False, width=width)
    if width is None and not console.is_terminal:
        console.width = WIDE
    shown = [tuple(map(printable, row)) for row in rows]
    if fits(columns, shown, console.width):
        console.print(_table(columns, shown), markup=False)
        return
    for name, *rest in shown:
        console.print(Text(name, style="bold"), soft_wrap=True)
        console.print(Padding(Text(_listed(columns[1:], rest)), (0, 0, 0, _GAP)))


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether so many characters hold all columns side by side; only the last may be folded."""
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    widths[-1] = min(widths[-1], _LEAST_LAST)
    return sum(widths) + _GAP * (len(widths) - 1) <= width


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns, 1):
        table.add_column(column, no_wrap=index < len(columns), overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _listed(columns: Sequence[str], cells: Sequence[str]) -> str:
    return "; ".join(
        f"{column}: {cell}" if column else cell
        for column, cell in zip(columns, cells, strict=True)
        if cell
    )
