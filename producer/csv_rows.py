"""Rows from CSV: any usual delimiter, quoted newlines, line numbers as an editor counts them."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, tee

from producer.errors import ManifestError
from producer.problem import Problem, shown
from producer.row import Broken, Row
from producer.source import Text
from results.cell import unguarded
from results.own_columns import failure_columns
from schemas.fields import is_field, normal_name

DELIMITERS = ",;\t|"
_NEVER_CLOSED = "unexpected end of data"
_TOO_LONG = "field larger than field limit"


@dataclass(frozen=True, slots=True)
class Header:
    """The first record: how cells are parted, and the columns' names."""

    delimiter: str
    names: tuple[str, ...]
    """Every column's."""
    left_out: tuple[str, ...]
    """Those we added ourselves, where the file is a failed.csv: they are news of an earlier day."""
    columns: tuple[str, ...]
    """The others: the manifest's own."""

    def row(self, line: int, cells: list[str]) -> Row:
        """A record as a row."""
        if self.left_out:  # which also guarded every cell
            cells = [
                unguarded(cell)
                for name, cell in zip(self.names, cells, strict=False)
                if name not in self.left_out
            ]
        return Row(line, self.columns, dict(zip(self.columns, cells, strict=False)))


def read_header(text: Text) -> Header:
    """The header, with the delimiter that makes most sense of it. Raises ManifestError."""
    name, sample = text.source.name, text.sample()
    if not sample.strip():
        raise ManifestError(f"{name} is empty; a manifest has a header and rows")
    readings = [(mark, _first_record(sample, mark)) for mark in DELIMITERS]
    delimiter, cells = max(
        readings, key=lambda reading: (sum(map(is_field, reading[1])), len(reading[1]))
    )
    if not cells:
        raise ManifestError(f"{name} has no readable header; its first row must name the columns")
    columns = _named(cells)
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
    return Header(delimiter, columns, left_out, own)


def csv_rows(text: Text, header: Header) -> Iterator[Row | Broken]:
    """The records below the header; blank ones are skipped. Raises ManifestError."""
    with text.open() as characters:
        lines, again = tee(characters)
        reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
        below = False
        columns, width = header.columns, len(header.names)
        end = 0
        while True:
            begin = end
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                end = reader.line_num
                recent = list(islice(again, end - begin))
                yield _unreadable(begin + 1, str(error), recent, text.source.name)
                continue
            end = reader.line_num
            line = begin + 1
            next(again)
            if end > line:  # a cell has line breaks
                deque(islice(again, end - line), 0)
            if not cells or not (cells[0].strip() or "".join(cells).strip()):
                continue
            if not below:
                below = True
            elif len(cells) == width and not header.left_out:
                yield Row(line, columns, dict(zip(columns, cells, strict=False)))
            elif len(cells) == width:
                yield header.row(line, cells)
            else:
                yield _ragged(line, cells, header)


def _ragged(line: int, cells: list[str], header: Header) -> Row | Broken:
    width = len(header.names)
    if len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    elif "".join(cells[width:]).strip():
        reason = (
            f"the row has {len(cells)} cells, the header {width};"
            f' put cells that contain "{_mark(header.delimiter)}" in quotes'
        )
        return Broken(line, tuple(cells), Problem(line, None, None, reason))
    return header.row(line, cells)


def _unreadable(line: int, error: str, lines: list[str], name: str) -> Broken:
    # After these two the rest of the file would be taken for one cell: no row below can be trusted.
    if error.startswith(_NEVER_CLOSED):
        raise ManifestError(
            f"{name}, line {line}: a quote is opened and never closed, so that the rest of the"
            " file would be one cell; close it, or write a quote inside a cell twice"
        )
    if error.startswith(_TOO_LONG):
        raise ManifestError(
            f"{name}, line {line}: a cell is longer than {csv.field_size_limit():,} characters;"
            " is a closing quote missing?"
        )
    reason = (
        "text follows a closing quote; put the whole cell in quotes"
        " and write a quote inside it twice"
    )
    return Broken(line, ("".join(lines).rstrip("\r\n"),), Problem(line, None, None, reason))


def _first_record(sample: str, delimiter: str) -> list[str]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    try:
        return next((list(cells) for cells in reader if "".join(cells).strip()), [])
    except csv.Error:
        return []


def _named(cells: list[str]) -> tuple[str, ...]:
    """Column names: blank ones at the end are no columns, others are called by their place."""
    names = [cell.strip().strip("\ufeff").strip() for cell in cells]
    while not names[-1]:
        names.pop()
    return tuple(name or f"column {place}" for place, name in enumerate(names, 1))


def _mark(delimiter: str) -> str:
    return "TAB" if delimiter == "\t" else delimiter
