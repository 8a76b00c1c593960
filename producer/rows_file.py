"""Rows that a program holds, as the manifest they would be."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from producer.errors import ManifestError

Rows = Iterable[Mapping[str, Any]]
"""Columns and values of each row."""

NAME = "rows.jsonl"


@contextmanager
def rows_file(rows: Rows) -> Iterator[Path]:
    """A file of JSON lines that goes with the block; line n is the nth row.

    The same rows are the same bytes, and so the same batch. Raises ManifestError for what is no row.
    """
    with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
        path = Path(folder) / NAME
        number = 0
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for number, row in enumerate(rows, 1):
                file.write(_line(number, row))
        if not number:
            raise ManifestError("there are no rows to order")
        yield path


def _line(number: int, row: object) -> str:
    if not isinstance(row, Mapping):
        raise ManifestError(
            f"row {number} is no mapping of columns to values: {type(row).__name__}"
        )
    try:
        # All of it ASCII: no encoding is to be told by the text.
        return json.dumps(dict(row), allow_nan=False, default=_value) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise ManifestError(f"row {number} cannot be written as JSON: {error}") from error


def _value(value: object) -> str:
    """What JSON has no word for: the path of a picture that goes in."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    raise TypeError(f"{type(value).__name__} is no text, number, list or dict")
