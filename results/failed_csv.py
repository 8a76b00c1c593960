"""failed.csv: the rows that did not wholly succeed, to be corrected and submitted."""

from __future__ import annotations

from pathlib import Path

from results.cell import guarded
from results.manifest_row import ManifestRows
from results.own_columns import FAILURE_COLUMNS, own_names
from results.sheet import Sheet
from results.words import explain, first_failure
from schemas.batch import Batch
from schemas.result import JobResult
from schemas.states import JobState

LISTED_STATES = frozenset({JobState.FAILED, JobState.PARTIAL})
"""Rows that may be ordered again as they are. Cancelled rows were meant; an uncertain one may have
been paid for, so that only `retry --uncertain` orders it again."""


class FailedCsv:
    """A table like the manifest, and why each row failed.

    Every cell is guarded, since a manifest may be gathered from strangers' words; whoever reads it
    as a manifest takes the guard off again. No file appears while no row has failed.
    """

    def __init__(self, path: Path, batch: Batch) -> None:
        self._path = path
        self._rows = ManifestRows(batch)
        self._sheet: Sheet | None = None

    @property
    def written(self) -> bool:
        """Whether there was any row to list."""
        return self._sheet is not None

    def add(self, result: JobResult) -> None:
        """Write the row and why it failed, if it did."""
        if result.state not in LISTED_STATES:
            return
        if self._sheet is None:
            columns = self._rows.columns
            self._sheet = Sheet(self._path)
            self._sheet.write(map(guarded, (*columns, *own_names(columns, FAILURE_COLUMNS))))
        failure = first_failure(result)
        reason = (failure.error_class, failure.code) if failure else ("", "")
        self._sheet.write(map(guarded, (*self._rows.cells(result), *reason, explain(result))))

    def close(self) -> None:
        """Finish the file, if one was begun."""
        if self._sheet is not None:
            self._sheet.close()
