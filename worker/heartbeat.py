"""Keeps the claims a process works on from running out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ledger.errors import LedgerError
from ledger.fleet import Fleet
from ledger.jobs import Jobs
from ledger.moves import Claim
from ledger.version import LEDGER_VERSION

log = logging.getLogger(__name__)

STUCK_BEATS = 10
"""A worker that has not looked for messages between so many beats does not count as alive."""


class Heartbeat:
    """Renews leases, and says that the worker is alive."""

    def __init__(
        self,
        jobs: Jobs,
        fleet: Fleet,
        lease_s: float,
        worker: str,
        threads: int,
        *,
        outdated: Callable[[], None] = lambda: None,
    ) -> None:
        """`outdated` is called once, when a newer imagemill has taken over the ledger."""
        self._jobs = jobs
        self._fleet = fleet
        self._lease_s = lease_s
        self._worker = worker
        self._threads = threads
        self.long_threads: int | None = None
        """How many of them long calls may keep; None: half."""
        self._outdated = outdated
        self._told_outdated = False
        self._held: dict[int, Claim] = {}
        self._kept: dict[int, Callable[[float], None]] = {}
        self._looks = self._looks_before = self._idle_beats = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and sign off."""
        self._stopping.set()
        self._thread.join(timeout=5)
        try:
            self._fleet.sign_off(self._worker, self._threads)
        except LedgerError:
            log.info("worker.sign_off_failed")

    @property
    def busy(self) -> int:
        """How many threads hold a job just now."""
        return len(self._held)

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Renew a claim while the block runs."""
        key = threading.get_ident()
        with self._lock:
            self._held[key] = claim
        try:
            yield
        finally:
            with self._lock:
                del self._held[key]

    @contextmanager
    def keeping(self, renew: Callable[[float], None]) -> Iterator[None]:
        """Call `renew` with the lease, in seconds, at each beat while the block runs."""
        key = threading.get_ident()
        with self._lock:
            self._kept[key] = renew
        try:
            yield
        finally:
            with self._lock:
                del self._kept[key]

    def looked(self) -> None:
        """Note that the worker looked for messages: from the first time on, it must go on to do so."""
        self._looks += 1

    def beat(self) -> None:
        """Renew every claim that is held now, and report in unless no message is taken any more."""
        self._count_idle()
        if self._idle_beats < STUCK_BEATS:
            reported = self._fleet.report_in(self._worker, self._threads, self.long_threads)
            self._look_at_version(reported)
        else:
            log.warning("worker.stuck")
        with self._lock:
            claims = list(self._held.values())
            kept = list(self._kept.values())
        for renew in kept:
            renew(self._lease_s)
        # A renewal that comes after its job's outcome changes nothing: the ledger knows.
        renewed = self._jobs.renew(claims, self._lease_s)
        for claim, still in zip(claims, renewed, strict=True):
            if not still:
                log.warning("claim.lost", extra={"lane": claim.lane, "job": claim.job})

    def _count_idle(self) -> None:
        """A thread that beats says nothing of the one that takes messages: its looks are counted."""
        stands = 0 < self._looks == self._looks_before
        self._idle_beats = self._idle_beats + 1 if stands else 0
        self._looks_before = self._looks

    def _look_at_version(self, found: int) -> None:
        """Leave a ledger whose records we might misread."""
        if found > LEDGER_VERSION and not self._told_outdated:
            self._told_outdated = True
            log.error("ledger.newer", extra={"found": found, "known": LEDGER_VERSION})
            self._outdated()

    def _run(self) -> None:
        interval_s = min(self._lease_s / 3, 3.0)
        while True:
            try:
                self.beat()
            except LedgerError as error:
                log.warning("heartbeat.missed", extra={"why": str(error)})
            if self._stopping.wait(interval_s):
                return
