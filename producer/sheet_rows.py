"""Rows from a sheet of a workbook, numbered as the workbook numbers them."""

from __future__ import annotations

from collections.abc import Iterator

from producer.errors import ManifestError
from producer.header import Header, Record, find_header, header_from
from producer.problem import Problem, printable, shown
from producer.row import Broken, Kind, Row
from producer.sheet_marks import column_letters
from producer.workbook import SheetCopy, SheetRow

_SHEETS_NAMED = 5
_TITLES_NAMED = 10


def read_sheet_header(copy: SheetCopy, name: str) -> Header:
    """The row that names the columns. Raises ManifestError."""
    record = find_header(Record(row.line, row.cells) for row in copy.rows())
    if record is None:
        raise ManifestError(
            f"{name}, sheet {copy.title}: is empty; a manifest has a header and rows"
        )
    return header_from(record, name)


def sheet_rows(copy: SheetCopy, header: Header) -> Iterator[Row | Broken]:
    """The rows below the header; titles between them are skipped."""
    width = len(header.names)
    for row in copy.rows():
        if row.line <= header.line or row.is_title:
            continue
        beyond = _beyond(row, width)
        if beyond is not None:
            yield beyond
            continue
        cells = row.cells[:width]
        cells.extend([""] * (width - len(cells)))
        odd = {place: each for place, each in row.odd.items() if place < width}
        yield header.row(Record(row.line, cells), odd)


def told_of(copy: SheetCopy, header: Header, name: str) -> str:
    """Which of the workbook's sheets and rows are the manifest, in a sentence."""
    told = f'{name} is read from sheet "{printable(copy.title)}"'
    visible = [sheet.title for sheet in copy.sheets if sheet.is_visible]
    if len(visible) > 1:
        listed = ", ".join(map(shown, visible[:_SHEETS_NAMED]))
        more = ", ..." if len(visible) > _SHEETS_NAMED else ""
        told += f" of {len(visible)} (--sheet takes another: {listed}{more})"
    if header.line > 1:
        told += f", with the columns' names in row {header.line}"
    titles = [line for line in copy.titles if line > header.line]
    if titles:
        listed = ", ".join(map(str, titles[:_TITLES_NAMED]))
        more = ", ..." if len(titles) > _TITLES_NAMED else ""
        told += f", without the titles in row{'s' if len(titles) > 1 else ''} {listed}{more}"
    return f"{told}."


def _beyond(row: SheetRow, width: int) -> Broken | None:
    """The row, where something stands beside the table."""
    for place in range(width, len(row.cells)):
        odd = row.odd.get(place)
        is_formula = odd is not None and odd.kind is Kind.UNCALCULATED
        if row.cells[place].strip() or is_formula:
            reason = (
                f"cell {column_letters(place + 1)}{row.line} is beside the table: its column has"
                " no name; name it, or clear the cell"
            )
            return Broken(row.line, tuple(row.cells), Problem(row.line, None, None, reason))
    return None
