"""The tables of a batch: results.jsonl for programs, results.csv and failed.csv for people."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Protocol

from results.cell import cell_text, guarded
from results.words import explain
from schemas.failure import Failure
from schemas.money import to_text
from schemas.result import JobResult
from schemas.states import JobState

OUTCOME_COLUMNS = (
    "status",
    "images",
    "width",
    "height",
    "seed",
    "cost",
    "currency",
    "error",
    "error_class",
    "attempts",
    "ticket",
    "started_at",
    "finished_at",
)
FAILURE_COLUMNS = ("error_class", "code", "error")
OWN_PREFIX = "mill_"
"""Set before a column of ours when the manifest has one of that name."""

UNFINISHED_STATES = frozenset({JobState.FAILED, JobState.UNCERTAIN, JobState.PARTIAL})
"""What failed.csv lists: rows somebody may want to run again. Cancelled rows were meant."""

_SEPARATOR = " | "


class Table(Protocol):
    """A file that takes one result after the other and ends with `close`."""

    def add(self, result: JobResult) -> None:
        """Write what the table says of this result."""

    def close(self) -> None:
        """Finish the file."""


class ResultsJsonl:
    """results.jsonl: every result, whole, a line each. The truth; the other tables are views."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, result: JobResult) -> None:
        """Write the result as one line."""
        self._file.write(result.model_dump_json() + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class ResultsCsv:
    """results.csv: the manifest's own columns, then what became of each row."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._sheet = _Sheet(path)
        self._sheet.write(map(guarded, (*columns, *own_names(columns, OUTCOME_COLUMNS))))

    def add(self, result: JobResult) -> None:
        """Write the row and its outcome, guarded against formulas."""
        self._sheet.write(map(guarded, (*_own_cells(result, self._columns), *_outcome(result))))

    def close(self) -> None:
        """Finish the file."""
        self._sheet.close()


class FailedCsv:
    """failed.csv: the rows that did not wholly succeed, ready to be corrected and submitted.

    The manifest's cells go back exactly as they came, since they are its owner's own; only the
    cells we add are guarded. No file appears while no row has failed.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._columns = tuple(columns)
        self._sheet: _Sheet | None = None

    @property
    def written(self) -> bool:
        """Whether there was any row to list."""
        return self._sheet is not None

    def add(self, result: JobResult) -> None:
        """Write the row and why it failed, if it did."""
        if result.state not in UNFINISHED_STATES:
            return
        if self._sheet is None:
            self._sheet = _Sheet(self._path)
            self._sheet.write((*self._columns, *own_names(self._columns, FAILURE_COLUMNS)))
        failure = _first_failure(result)
        reason = (failure.error_class, failure.code) if failure else ("", "")
        ours = map(guarded, (*reason, explain(result)))
        self._sheet.write((*_own_cells(result, self._columns), *ours))

    def close(self) -> None:
        """Finish the file, if one was begun."""
        if self._sheet is not None:
            self._sheet.close()


class _Sheet:
    """A CSV as Excel opens it without asking: UTF-8 with its mark, CRLF."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")

    def write(self, cells: Iterable[str]) -> None:
        self._writer.writerow(list(cells))

    def close(self) -> None:
        self._file.close()


def own_names(columns: Sequence[str], ours: Sequence[str]) -> tuple[str, ...]:
    """Our columns' names beside the manifest's, prefixed until none is taken twice."""
    taken = {_plain(column) for column in columns}
    names = []
    for own in ours:
        name = own
        while _plain(name) in taken:
            name = OWN_PREFIX + name
        taken.add(_plain(name))
        names.append(name)
    return tuple(names)


def _plain(column: str) -> str:
    """A column's name as a reader of tables compares it: neither case nor margins count."""
    return column.strip().casefold()


def _own_cells(result: JobResult, columns: Sequence[str]) -> list[str]:
    return [cell_text(result.row.get(column)) for column in columns]


def _outcome(result: JobResult) -> tuple[str, ...]:
    images = sorted(result.images, key=lambda image: image.index)
    failure = _first_failure(result)
    seeds = [cell_text(image.seed) for image in images]
    return (
        result.state,
        _SEPARATOR.join(image.key for image in images),
        _once_or_each([str(image.width) for image in images]),
        _once_or_each([str(image.height) for image in images]),
        _SEPARATOR.join(seeds) if any(seeds) else "",
        to_text(result.cost_micro),
        result.currency,
        explain(result),
        failure.error_class if failure else "",
        str(result.attempts),
        result.ticket or "",
        result.submitted_at or "",
        result.finished_at or "",
    )


def _once_or_each(texts: list[str]) -> str:
    """One text where all are alike, as the sizes of a job's images are; else all of them."""
    return texts[0] if len(set(texts)) == 1 else _SEPARATOR.join(texts)


def _first_failure(result: JobResult) -> Failure | None:
    """The failure that names the row's error: the whole job's before a single image's."""
    whole_first = sorted(result.failures, key=lambda failure: failure.index or 0)
    return whole_first[0] if whole_first else None
