"""A CSV as Excel opens it without asking: UTF-8 with its mark, CRLF."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import IO


class Sheet:
    """A file of rows, written from the top."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")

    def write(self, cells: Iterable[str]) -> None:
        """Write one row."""
        self._writer.writerow(list(cells))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
