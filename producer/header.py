"""The record of a table that names its columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from producer.errors import ManifestError
from producer.problem import shown
from producer.row import Odd, Row
from results.cell import unguarded
from results.own_columns import failure_columns
from schemas.fields import is_field, normal_name

_LOOKED_AT = 20
"""Records above which a header is looked for: nobody writes more titles than that."""


class Record(NamedTuple):
    """A record as it stands in the file."""

    line: int
    """Where it begins, from 1."""
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Header:
    """The columns' names, and where they stand."""

    line: int
    names: tuple[str, ...]
    """Every column's."""
    left_out: tuple[str, ...]
    """Those we added ourselves, where the file is a failed.csv: they are news of an earlier day."""
    columns: tuple[str, ...]
    """The others: the manifest's own."""

    def row(self, record: Record, odd: dict[int, Odd] | None = None) -> Row:
        """A record of the header's width as a row; `odd` is what its cells are besides text."""
        cells = record.cells
        if self.left_out:  # which also guarded every cell
            cells = [
                unguarded(cell)
                for name, cell in zip(self.names, cells, strict=False)
                if name not in self.left_out
            ]
        named = {self.names[place]: what for place, what in odd.items()} if odd else None
        return Row(
            record.line, self.columns, dict(zip(self.columns, cells, strict=False)), odd=named
        )


def find_header(records: Iterable[Record]) -> Record | None:
    """The first record that says anything; None where there is none.

    A lone cell that is no field's name is a title where a record of several cells follows.
    """
    first = None
    for record in islice((each for each in records if _filled(each)), _LOOKED_AT):
        if len(_filled(record)) > 1 or fields_named(record):
            return record
        first = first or record
    return first


def fields_named(record: Record) -> int:
    """How many of its cells are names of fields we know."""
    return sum(map(is_field, record.cells))


def header_from(record: Record, name: str) -> Header:
    """The columns. Raises ManifestError where two have one name."""
    columns = _named(record.cells)
    seen: dict[str, str] = {}
    for column in columns:
        earlier = seen.setdefault(normal_name(column), column)
        if earlier is not column:
            raise ManifestError(
                f"{name} has two columns named {shown(column)!r}"
                + (f" (the other is {shown(earlier)!r})" if earlier != column else "")
                + "; rename or remove one"
            )
    left_out = failure_columns(columns)
    own = tuple(column for column in columns if column not in left_out)
    if left_out:
        own = tuple(map(unguarded, own))
    return Header(record.line, columns, left_out, own)


def _filled(record: Record) -> list[str]:
    return [cell for cell in record.cells if _bare(cell)]


def _named(cells: list[str]) -> tuple[str, ...]:
    """Column names: blank ones at the end are no columns, others are called by their place."""
    names = [_bare(cell) for cell in cells]
    while not names[-1]:
        names.pop()
    return tuple(name or f"column {place}" for place, name in enumerate(names, 1))


def _bare(cell: str) -> str:
    return cell.strip().strip("\ufeff").strip()
