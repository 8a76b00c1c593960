"""A table in Markdown that can be read on a terminal as well."""

from __future__ import annotations

from collections.abc import Sequence

Row = tuple[str, ...]


def grid(head: Row, rows: Sequence[Row]) -> str:
    """One line a row; a cell's own bars and line ends are taken out."""
    every = [tuple(_plain(cell) for cell in row) for row in (head, *rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (every[0], rule, *every[1:])
    )


def _plain(cell: str) -> str:
    return " ".join(cell.replace("|", "/").split())
