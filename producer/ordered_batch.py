"""A batch in the hands of a program: how it stands, its end, its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from producer.commands.results import NotFinished
from producer.commands.working import Manner, opened_mill, until_finished
from producer.connecting import nobody_works_here, require_mill
from producer.mill_access import MillAccess
from producer.progress import Show
from producer.quiet_session import quiet_session
from producer.watching import (
    WaitedTooLong,
    document_of,
    status_of,
    watch,
)
from results.sealed import sealed_results
from schemas.batch import BatchStatus, Hold
from schemas.result import Image, JobResult, Rendition
from schemas.settings import Settings
from schemas.states import BatchState

Progress = Callable[[BatchStatus], None]
"""Told how a batch stands, at first and whenever that has changed."""


class Batch:
    """A batch that was handed in, by its name.

    It holds nothing open: each call opens what it needs and gives it back, so that it may be kept as
    long as one likes, shared by threads, and made again from its name by another process. Within a
    `with` block connections stay open, for many calls in a row.

    Every call raises NoSuchBatch, NotReachable, WrongAccess; all errors are ProducerErrors.
    """

    def __init__(
        self,
        name: str,
        *,
        settings: Mapping[str, Any] | Settings | None = None,
        new: bool = False,
        said: str = "",
    ) -> None:
        """Ask nothing yet. `settings` are those of `submit`. Raises SettingsError."""
        self.name = name
        self.new = new
        """Whether this very `submit` handed it in; the same order twice is one batch."""
        self.said = said
        """What the command line would have said of the manifest: how it was read, what is doubtful."""
        self._session, _ = quiet_session(settings)
        self._mill = MillAccess(self._session.settings)

    def __repr__(self) -> str:
        return f"Batch({self.name!r})"

    def __enter__(self) -> Self:
        self._mill.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Give connections back. The batch goes on, whatever happened in the block."""
        self._mill.__exit__(*error)

    def status(self) -> BatchStatus:
        """How it stands now: a state, counts that add up to `total`, costs."""
        with self._mill.ledger() as ledger:
            return status_of(ledger.batches, self.name)

    def wait(self, timeout_s: float | None = None, progress: Progress | None = None) -> BatchStatus:
        """Return once every row has ended, with the batch's last status; rows may have failed.

        Where there is no IMAGEMILL_REDIS_URL this does the work too, with a worker process that ends
        with it. An exception in between, Ctrl-C too, loses nothing: wait again.

        Raises WaitedTooLong after `timeout_s` seconds, and what only a person can change:
        LanesStopped, BudgetSpent. Raises MillBusy where this machine's own mill just changes hands.
        """
        settings, show = self._session.settings, _Changes(progress)
        require_mill(settings)
        work = self._finish_here if nobody_works_here(settings) else self._watch
        status = work(show, timeout_s)
        show(status, self._session.clock.monotonic_s())
        return status

    def results(self) -> Iterator[JobResult]:
        """Each row's newest ending, in the manifest's order, read as they are asked for.

        Raises NotFinished, at once, before the batch is finished.
        """
        status = self.status()
        if status.state != BatchState.FINISHED:
            raise NotFinished(
                f"{self.name} is not finished: {status.ended} of {status.total} rows are done."
            )
        return self._sealed()

    def read(self, picture: Image | Rendition) -> bytes:
        """A stored picture's file."""
        with self._mill.storage() as storage:
            return storage.get(picture.key)

    def location(self, picture: Image | Rendition) -> str:
        """Where its file lies: an absolute path, or s3://bucket/key."""
        with self._mill.storage() as storage:
            return storage.location(picture.key)

    def cancel(self) -> None:
        """Withdraw what is not ordered yet; what is paid for is fetched. `wait` sees its end."""
        with self._mill.ledger() as ledger:
            document = document_of(ledger.batches, self.name)
            if ledger.batches.state(self.name) is not BatchState.FINISHED:
                ledger.batches.hold(self.name, document.lanes, Hold.CANCEL)

    def _sealed(self) -> Iterator[JobResult]:
        with self._mill.storage() as storage:
            yield from sealed_results(storage, self.name)

    def _watch(self, show: Show, timeout_s: float | None) -> BatchStatus:
        with self._mill.ledger() as ledger:
            clock = self._session.clock
            return watch(ledger.batches, self.name, show, clock, timeout_s=timeout_s)

    def _finish_here(self, show: Show, timeout_s: float | None) -> BatchStatus:
        with opened_mill(self._session) as (mill, ledger, _):
            document = document_of(ledger.batches, self.name)
            counts = ledger.batches.counts(document)
            cancelled = any(Hold.CANCEL in lane.holds for lane in counts)
            manner = Manner(resumes_lanes=not cancelled, show=show, timeout_s=timeout_s)
            try:
                return until_finished(document, mill, ledger, self._session, manner)
            except WaitedTooLong as error:
                raise WaitedTooLong(
                    f"{self.name} is not finished after {timeout_s:g} s, and nobody works on it now;"
                    " wait again."
                ) from error


class _Changes:
    """Tells a program what it was not told before."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._told: BatchStatus | None = None

    def __call__(self, status: BatchStatus, _now_s: float) -> None:
        if self._progress is not None and status != self._told:
            self._told = status
            self._progress(status)
