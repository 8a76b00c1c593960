"""What answers each address: reads the ledger and the storage, and shows them. Nothing is changed."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ledger.opening import Ledger
from producer.pace import Figures, Pace
from producer.ui.files import served
from producer.ui.lookout import Lookout
from producer.ui.pages import page
from producer.ui.reasons import Reasons
from producer.ui.words import Speech
from schemas.batch import BatchStatus
from schemas.clock import Clock
from schemas.layout import CONTACT_SHEET, FAILED_CSV, RESULTS_CSV, RESULTS_JSONL, batch_file
from schemas.states import BatchState
from storage import Storage, StorageError

log = logging.getLogger(__name__)

BATCHES_ON_A_PAGE = 50
LIVE_S = 2
"""A page on which something moves is looked at anew this often,"""
IDLE_S = 15
"""and one on which nothing does this often."""
_PACES_KEPT = 200


@dataclass(frozen=True)
class Paces:
    """How fast batches go, by what was seen of them; for many threads."""

    _seen: OrderedDict[str, Pace]
    _lock: threading.Lock

    @classmethod
    def empty(cls) -> Paces:
        """Nothing was seen yet."""
        return cls(OrderedDict(), threading.Lock())

    def see(self, status: BatchStatus, now_s: float) -> Figures:
        """Take one more look into account."""
        with self._lock:
            pace = self._seen.setdefault(status.batch, Pace())
            self._seen.move_to_end(status.batch)
            while len(self._seen) > _PACES_KEPT:
                self._seen.popitem(last=False)
            return pace.see(status, now_s)


class Views:
    """Every page there is."""

    def __init__(self, lookout: Lookout, storage: Storage, clock: Clock) -> None:
        self._lookout = lookout
        self._storage = storage
        self._clock = clock
        self._reasons = Reasons(storage)
        self._paces = Paces.empty()

    def batches(self, request: Request, speech: Speech) -> Response:
        """All batches, the newest first."""
        number = _number(request.query_params.get("page", ""))
        with self._lookout.ledger() as ledger:
            names = ledger.batches.names()
            start = (number - 1) * BATCHES_ON_A_PAGE
            wanted = names[start : start + BATCHES_ON_A_PAGE]
            found = [status for name in wanted if (status := ledger.batches.status(name))]
            workers = ledger.fleet.workers()
        return HTMLResponse(
            page(
                "batches.html",
                speech,
                batches=found,
                workers=workers,
                number=number,
                more=len(names) > start + BATCHES_ON_A_PAGE,
                every_s=_every_s(found, workers),
            )
        )

    def lanes(self, _request: Request, speech: Speech) -> Response:
        """All lanes: their limits, and how much of them is used."""
        with self._lookout.ledger() as ledger:
            statuses = map(ledger.lanes.status, ledger.lanes.names())
            found = [status for status in statuses if status is not None]
            workers = ledger.fleet.workers()
        every_s = LIVE_S if workers else IDLE_S
        return HTMLResponse(
            page("lanes.html", speech, lanes=found, workers=workers, every_s=every_s)
        )

    def batch(self, request: Request, speech: Speech) -> Response | None:
        """One batch; None where there is none of that name. A storage that is away hides what failed only."""
        name = str(request.path_params["batch"])
        with self._lookout.ledger() as ledger:
            status = ledger.batches.status(name)
            lanes = _lanes(name, ledger)
            workers = ledger.fleet.workers()
        if status is None:
            return None
        pace = self._paces.see(status, self._clock.monotonic_s())
        try:
            reasons, files = self._reasons.of(name), self._files(name)
        except StorageError as error:
            log.warning("%s", error)
            reasons, files = None, []
        return HTMLResponse(
            page(
                "batch.html",
                speech,
                status=status,
                lanes=lanes,
                workers=workers,
                pace=pace,
                reasons=reasons,
                files=files,
                sheet=CONTACT_SHEET,
                every_s=_every_s([status], workers),
            )
        )

    def file(self, request: Request, _speech: Speech) -> Response | None:
        """A file of a batch; None where there is none, or it is not shown."""
        return served(self._storage, request.path_params["batch"], request.path_params["path"])

    def _files(self, batch: str) -> list[str]:
        names = (CONTACT_SHEET, RESULTS_CSV, RESULTS_JSONL, FAILED_CSV)
        return [name for name in names if self._storage.head(batch_file(batch, name))]


def _lanes(batch: str, ledger: Ledger) -> list[object]:
    document = ledger.batches.document(batch)
    return [] if document is None else list(ledger.batches.counts(document))


def _every_s(found: list[BatchStatus], workers: dict[str, int]) -> int:
    moves = workers and any(status.state != BatchState.FINISHED for status in found)
    return LIVE_S if moves else IDLE_S


def _number(text: str) -> int:
    """A page's number; 1 for whatever is none."""
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1
