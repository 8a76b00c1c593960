"""Rows from CSV: any usual delimiter, quoted newlines, line numbers as an editor counts them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, tee

from producer.errors import ManifestError
from producer.header import Header, Record, fields_named, find_header, header_from
from producer.problem import Problem
from producer.row import Broken, Row
from producer.source import Text

DELIMITERS = ",;\t|"
_NEVER_CLOSED = "unexpected end of data"
_TOO_LONG = "field larger than field limit"


@dataclass(frozen=True, slots=True)
class Layout:
    """How cells are parted, and the columns they belong to."""

    delimiter: str
    header: Header


def read_header(text: Text) -> Layout:
    """The header, with the delimiter that makes most sense of it. Raises ManifestError."""
    name, sample = text.source.name, text.sample()
    if not sample.strip():
        raise ManifestError(f"{name} is empty; a manifest has a header and rows")
    found = ((mark, find_header(_records(sample, mark))) for mark in DELIMITERS)
    readings = [(mark, record) for mark, record in found if record is not None]
    if not readings:
        raise ManifestError(f"{name} has no readable header; its first row must name the columns")
    delimiter, record = max(readings, key=lambda reading: _sense(reading[1]))
    return Layout(delimiter, header_from(record, name))


def _sense(record: Record) -> tuple[bool, int, int, int]:
    """How much sense a header makes: of those that name fields the first, then the longest."""
    named = fields_named(record)
    return named > 0, -record.line, named, len(record.cells)


def csv_rows(text: Text, layout: Layout) -> Iterator[Row | Broken]:
    """The records below the header; blank ones are skipped. Raises ManifestError."""
    header = layout.header
    with text.open() as characters:
        lines, again = tee(characters)
        reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
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
                if below:
                    yield _unreadable(begin + 1, str(error), recent, text.source.name)
                continue
            end = reader.line_num
            line = begin + 1
            next(again)
            if end > line:  # a cell has line breaks
                deque(islice(again, end - line), 0)
            if not cells or not (cells[0].strip() or "".join(cells).strip()):
                continue
            if not below:  # but a title above the header, or the header
                below = line >= header.line
            elif len(cells) == width and not header.left_out:
                yield Row(line, columns, dict(zip(columns, cells, strict=False)))
            elif len(cells) == width:
                yield header.row(Record(line, cells))
            else:
                yield _ragged(line, cells, layout)


def _ragged(line: int, cells: list[str], layout: Layout) -> Row | Broken:
    header = layout.header
    width = len(header.names)
    if len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    elif "".join(cells[width:]).strip():
        reason = (
            f"the row has {len(cells)} cells, the header {width};"
            f' put cells that contain "{_shown(layout.delimiter)}" in quotes'
        )
        return Broken(line, tuple(cells), Problem(line, None, None, reason))
    return header.row(Record(line, cells))


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


def _records(sample: str, delimiter: str) -> Iterator[Record]:
    """The records of the first characters, as far as they can be read."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    begin = 0
    with contextlib.suppress(csv.Error):
        for cells in reader:
            yield Record(begin + 1, cells)
            begin = reader.line_num


def _shown(delimiter: str) -> str:
    """What parts the cells, as a sentence shows it."""
    return "TAB" if delimiter == "\t" else delimiter
