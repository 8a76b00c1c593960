"""A manifest: the user's table of orders, read as a stream."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import BinaryIO, Literal, Self

from producer.csv_rows import csv_rows, read_header
from producer.errors import ManifestError
from producer.jsonl_rows import jsonl_rows
from producer.row import Broken, Row
from producer.source import Source, Text, open_source, open_text

Form = Literal["csv", "jsonl"]

_FORMS: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


class Manifest:
    """A manifest that is found readable; its rows may be read as often as needed."""

    def __init__(
        self,
        source: Source,
        form: Form,
        columns: dict[str, None],
        read: Callable[[], Iterator[Row | Broken]],
        left_out: tuple[str, ...] = (),
    ) -> None:
        self.name = source.name
        self.sha256 = source.sha256
        self.form = form
        self.left_out = left_out
        """Columns that an earlier failed.csv brought in, which are nobody's own."""
        self._source = source
        self._columns = columns
        self._read = read

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
        return tuple(self._columns)

    @property
    def has_header(self) -> bool:
        """Whether all rows have the same columns, known before the first is read."""
        return self.form == "csv"

    def rows(self) -> Iterator[Row | Broken]:
        """The rows from the start, one at a time. Raises ManifestError where reading ends."""
        return self._read()

    def close(self) -> None:
        """Remove what had to be copied."""
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
    stdin: BinaryIO | None = None,
) -> Manifest:
    """Open a path, or `-` for standard input. Raises ManifestError saying what to do."""
    found = open_source(source, sys.stdin.buffer if stdin is None else stdin)
    try:
        text = open_text(found, encoding)
        form = form or _form(text)
        return _csv(text) if form == "csv" else _jsonl(text)
    except BaseException:
        found.discard()
        raise


def _csv(text: Text) -> Manifest:
    header = read_header(text)
    columns = dict.fromkeys(header.columns)
    return Manifest(text.source, "csv", columns, lambda: csv_rows(text, header), header.left_out)


def _jsonl(text: Text) -> Manifest:
    columns: dict[str, None] = {}
    for row in jsonl_rows(text, columns):
        if isinstance(row, Row):
            break
    return Manifest(text.source, "jsonl", columns, lambda: jsonl_rows(text, columns))


def _form(text: Text) -> Form:
    name = PurePath(text.source.name.lower())
    if name.suffix == ".gz":
        name = name.with_suffix("")
    if name.suffix in _FORMS:
        return _FORMS[name.suffix]
    start = text.sample().lstrip("\ufeff \t\r\n")[:1]
    if start == "[":
        raise ManifestError(
            f"{text.source.name} is one JSON array; write one object a line instead"
            " (jq -c '.[]' does it) and name it .jsonl"
        )
    return "jsonl" if start == "{" else "csv"
