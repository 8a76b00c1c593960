"""Writes the rows that were left out, so that they can be corrected and handed in again."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Self

from producer.checking import Bad
from producer.errors import ProducerError
from producer.problem import json_text
from producer.row import Row


class InvalidRows:
    """The bad rows in the manifest's own columns: CSV, UTF-8 with BOM, written on close.

    They wait in a temporary file, because JSON lines may bring new columns until their end.
    `columns` is asked once, on close. Without a bad row no file is made.
    """

    def __init__(self, path: Path, columns: Callable[[], Sequence[str]]) -> None:
        self.path = path
        self.count = 0
        self._columns = columns
        self._waiting: IO[str] | None = None

    def add(self, bad: Bad) -> None:
        """Keep one row for the file."""
        if self._waiting is None:
            self._waiting = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed in close()
        row = bad.row
        cells = row.cells if isinstance(row, Row) else list(row.cells)
        self._waiting.write(json.dumps(cells) + "\n")
        self.count += 1

    def close(self) -> None:
        """Write the file, if there is anything to write. Raises ProducerError."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        with waiting:
            waiting.seek(0)
            columns = self._columns()
            try:
                with self.path.open("w", encoding="utf-8-sig", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(columns)
                    writer.writerows(_cells(json.loads(line), columns) for line in waiting)
            except OSError as error:
                raise ProducerError(
                    f"the invalid rows cannot be written to {self.path}: {error.strerror}"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None and self._waiting is not None:
            self._waiting.close()  # a manifest read in part leaves no file that looks whole
            self._waiting = None
        self.close()


def _cells(record: Any, columns: Sequence[str]) -> list[str]:
    if isinstance(record, list):  # what could not be read goes in as it stands
        return record
    return [_text(record.get(column)) for column in columns]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)
