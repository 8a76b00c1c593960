"""What is written when a batch ends: its tables, its contact sheet, and a short account of both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from results.contact_sheet import ContactSheet
from results.failed_csv import FailedCsv
from results.gate import BatchGate
from results.page_head import PageHead
from results.sealed import sealed_results
from results.tables import ResultsCsv, ResultsJsonl, Table
from results.tally import Tally
from schemas.batch import Batch
from schemas.layout import CONTACT_SHEET, FAILED_CSV, RESULTS_CSV, RESULTS_JSONL, batch_file
from schemas.states import JobState
from storage.port import Storage

_CONTENT_TYPES = {
    RESULTS_JSONL: "application/x-ndjson",
    RESULTS_CSV: "text/csv; charset=utf-8",
    FAILED_CSV: "text/csv; charset=utf-8",
    CONTACT_SHEET: "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class Report:
    """What a batch came to."""

    batch: str
    jobs: int
    states: Mapping[JobState, int]
    images: int
    costs_micro: Mapping[str, int]
    """Millionths of a unit by currency."""
    keys: tuple[str, ...]
    """The files written."""


def write_results(
    storage: Storage, batch: Batch, *, finished_at: str, thumbnails: bool = True
) -> Report:
    """Write the batch's tables and contact sheet from its sealed results, read once.

    Where no `thumbnails` are wanted the sheet shows the pictures themselves. The same results give the same bytes, so that writing again is harmless. Raises StorageError.
    """
    with TemporaryDirectory(prefix="imagemill-results-") as name:
        folder = Path(name)
        tally = _gather(storage, batch, folder, finished_at, thumbnails=thumbnails)
        # The page comes last: whoever sees it finds the tables it links to.
        names = [file for file in _CONTENT_TYPES if (folder / file).exists()]
        keys = tuple(batch_file(batch.batch, file) for file in names)
        for key, file in zip(keys, names, strict=True):
            storage.put_file(key, folder / file, _CONTENT_TYPES[file])
    # An earlier round may have left files that this one has no need of; no page links to them now.
    for file in _CONTENT_TYPES.keys() - set(names):
        storage.delete(batch_file(batch.batch, file))
    return Report(batch.batch, tally.jobs, tally.states, tally.images, tally.costs_micro, keys)


def _gather(
    storage: Storage, batch: Batch, folder: Path, finished_at: str, *, thumbnails: bool
) -> Tally:
    """Write every file into `folder` in one pass over the results."""
    tally = Tally()
    failed = FailedCsv(folder / FAILED_CSV, batch)
    sheet = ContactSheet(storage, batch.batch, folder, thumbnails=thumbnails)
    results = ResultsJsonl(folder / RESULTS_JSONL)
    table = ResultsCsv(folder / RESULTS_CSV, batch)
    takers: list[Table] = [tally, results, table, failed, sheet]
    gate = BatchGate(batch.finishing.gate)
    with ExitStack() as open_takers:
        for taker in takers:
            open_takers.enter_context(closing(taker))
        for result in map(gate.marked, sealed_results(storage, batch.batch)):
            for taker in takers:
                taker.add(result)
    head = PageHead(batch, tally, finished_at, has_failed=failed.written)
    sheet.write_page(folder / CONTACT_SHEET, head)
    return tally
