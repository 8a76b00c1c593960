"""A manifest: the user's table of orders, read as a stream."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO, Literal, Self

from producer.csv_rows import csv_rows, read_header
from producer.encoding import UTF8, Origin
from producer.errors import ManifestError, OptionError
from producer.jsonl_rows import jsonl_rows
from producer.problem import printable
from producer.row import Broken, Row
from producer.source import Source, Text, open_source, open_text
from producer.workbook_package import is_workbook
from schemas.batch import Reading

Form = Literal["csv", "jsonl", "xlsx"]

_FORMS: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_START_BYTES = 16
_SAME_AS = {"gbk": "gb18030", "gb2312": "gb18030"}
"""Encodings that say the same of a text as a larger one."""
_EXAMPLES_LOOKED_AT = 50
_EXAMPLE_CHARACTERS = 100


@dataclass(frozen=True)
class Table:
    """How rows are found in a manifest's bytes."""

    form: Form
    columns: dict[str, None]
    read: Callable[[], Iterator[Row | Broken]]
    told: str = ""
    """How it was read, in a sentence; empty where that goes without saying."""
    reading: Reading = field(default_factory=Reading)
    left_out: tuple[str, ...] = ()
    """Columns that an earlier failed.csv brought in, which are nobody's own."""
    discard: Callable[[], None] = lambda: None
    """Removes what was copied."""


class Manifest:
    """A manifest that is found readable; its rows may be read as often as needed."""

    def __init__(self, source: Source, table: Table) -> None:
        self.name = source.name
        self.sha256 = source.sha256
        self.form = table.form
        self.left_out = table.left_out
        self.reading = table.reading
        """What else than its bytes decided what its rows are."""
        self._source = source
        self._table = table

    @property
    def stem(self) -> str:
        """The name without the endings that say how it is written."""
        path = PurePath(self.name)
        while path.suffix.lower() in {*_FORMS, ".gz", ".json", ".txt"}:
            path = path.with_suffix("")
        return path.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in order. For JSON lines: those met so far, at first the first row's."""
        return tuple(self._table.columns)

    @property
    def has_header(self) -> bool:
        """Whether all rows have the same columns, known before the first is read."""
        return self.form != "jsonl"

    def told(self) -> str:
        """How it was read and a row of it, for whoever knows what it should say; or nothing."""
        row = _example(self.rows()) if self._table.told or self.has_header else None
        if row is None:
            return self._table.told
        said = self._table.told or f"{self.name} is read as UTF-8."
        cells = " | ".join(text for cell in row.cells.values() if (text := str(cell).strip()))
        shown = printable(cells[: _EXAMPLE_CHARACTERS + 1])
        if len(shown) > _EXAMPLE_CHARACTERS:
            shown = shown[: _EXAMPLE_CHARACTERS - 1] + "…"
        return f"{said} Line {row.line}: {shown}"

    def rows(self) -> Iterator[Row | Broken]:
        """The rows from the start, one at a time. Raises ManifestError where reading ends."""
        return self._table.read()

    def close(self) -> None:
        """Remove what had to be copied."""
        self._table.discard()
        self._source.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_manifest(
    source: str,
    *,
    form: Form | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    stdin: BinaryIO | None = None,
) -> Manifest:
    """Open a path, or `-` for standard input. Raises ManifestError saying what to do."""
    found = open_source(source, sys.stdin.buffer if stdin is None else stdin)
    try:
        if form == "xlsx" or (form is None and is_workbook(found.start(_START_BYTES))):
            return Manifest(found, _workbook(found, sheet, encoding))
        return Manifest(found, _text(found, form, sheet, encoding))
    except BaseException:
        found.discard()
        raise


def _text(source: Source, form: Form | None, sheet: str | None, encoding: str | None) -> Table:
    if sheet is not None:
        raise OptionError(f"--sheet is for workbooks (.xlsx); {source.name} has no sheets")
    text = open_text(source, encoding)
    return _csv(text) if (form or _form(text)) == "csv" else _jsonl(text)


def _csv(text: Text) -> Table:
    layout = read_header(text)
    header = layout.header
    told = []
    if text.encoding.name != UTF8:
        how = " by its looks" if text.encoding.origin is Origin.GUESSED else ""
        told.append(f"as {text.encoding.shown}{how}")
    if layout.delimiter != ",":
        told.append(f"with cells parted by {_DELIMITERS[layout.delimiter]}")
    if header.line > 1:
        told.append(f"with the columns' names in line {header.line}")
    return Table(
        form="csv",
        columns=dict.fromkeys(header.columns),
        read=lambda: csv_rows(text, layout),
        told=_sentence(text.source.name, told, text.encoding.origin),
        reading=_reading(text),
        left_out=header.left_out,
    )


def _jsonl(text: Text) -> Table:
    columns: dict[str, None] = {}
    for row in jsonl_rows(text, columns):
        if isinstance(row, Row):
            break
    told = [] if text.encoding.name == UTF8 else [f"as {text.encoding.shown}"]
    return Table(
        form="jsonl",
        columns=columns,
        read=lambda: jsonl_rows(text, columns),
        told=_sentence(text.source.name, told, text.encoding.origin),
        reading=_reading(text),
    )


def _workbook(source: Source, said: str | None, encoding: str | None) -> Table:
    # Most manifests are no workbooks: they are spared loading what reads them.
    from producer.sheet_rows import read_sheet_header, sheet_rows, told_of  # noqa: PLC0415
    from producer.workbook import copy_sheet  # noqa: PLC0415 - likewise

    if encoding is not None:
        raise OptionError("--encoding is for text; a workbook says what it is in itself")
    copy = copy_sheet(source, said)
    try:
        header = read_sheet_header(copy, source.name)
    except BaseException:
        copy.discard()
        raise
    return Table(
        form="xlsx",
        columns=dict.fromkeys(header.columns),
        read=lambda: sheet_rows(copy, header),
        told=told_of(copy, header, source.name),
        reading=Reading(sheet=copy.title),
        left_out=header.left_out,
        discard=copy.discard,
    )


def _sentence(name: str, told: list[str], origin: Origin) -> str:
    if not told:
        return ""
    other = "; say --encoding if that is wrong" if origin is Origin.GUESSED else ""
    return f"{name} is read {', '.join(told)}{other}."


def _reading(text: Text) -> Reading:
    name = text.encoding.name
    return Reading(encoding=None if name == UTF8 else _SAME_AS.get(name, name))


def _example(rows: Iterator[Row | Broken]) -> Row | None:
    """A row that shows whether the encoding is right: the first with more than ASCII."""
    for row in islice(rows, _EXAMPLES_LOOKED_AT):
        if isinstance(row, Row) and not "".join(map(str, row.cells.values())).isascii():
            return row
    return None


def _form(text: Text) -> Form:
    name = PurePath(text.source.name.lower())
    if name.suffix == ".gz":
        name = name.with_suffix("")
    start = text.sample().lstrip("\ufeff \t\r\n")[:1]
    if start == "<":
        raise ManifestError(
            f"{text.source.name} is a web page or XML, as some shops export it under the name of a"
            " table; open it in Excel and save it as an Excel workbook (.xlsx) or CSV UTF-8"
        )
    found = _FORMS.get(name.suffix)
    if found is not None and found != "xlsx":  # a workbook is known by its bytes, and this is none
        return found
    if start == "[":
        raise ManifestError(
            f"{text.source.name} is one JSON array; write one object a line instead"
            " (jq -c '.[]' does it) and name it .jsonl"
        )
    return "jsonl" if start == "{" else "csv"
