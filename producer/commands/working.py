"""Works on a batch on this machine: what `run` does, and whatever goes on with what it began."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from ledger.opening import Ledger
from producer.commands.following import followed, resume_command, went_on_here
from producer.connecting import NotReachable, open_checked_storage, opened_ledger, require_mill
from producer.exit_codes import ExitCode, of_finished
from producer.interruption import interruption
from producer.last_word import last_word
from producer.local_mill import LocalMill, mill_folder
from producer.processes import ChildError
from producer.progress import Show
from producer.session import Session
from producer.standing import money, reused
from producer.watching import (
    BudgetSpent,
    LanesStopped,
    chosen,
    document_of,
    status_of,
)
from schemas import layout
from schemas.batch import Batch, BatchStatus, Hold
from schemas.lane import PAUSED_BY_HAND
from schemas.notify import Event
from schemas.states import BatchState
from storage import Storage


@dataclass(frozen=True)
class Manner:
    """How a command works on a batch."""

    resumes_lanes: bool = True
    """Whoever says run has seen to what stopped the lanes; whoever says cancel has not."""
    unpauses: bool = False
    document: Callable[[BatchStatus], BaseModel] = lambda status: status
    """What --json prints in the end."""
    show: Show | None = None
    """Who is shown how it stands; None: the person at the terminal."""
    timeout_s: float | None = None


def continue_batch(name: str | None, session: Session, manner: Manner | None = None) -> None:
    """Go on with a batch on this machine, and exit. Raises NoMill where there is none."""
    require_mill(session.settings)
    with opened_mill(session) as (mill, ledger, storage):
        work(chosen(ledger.batches, name), mill, (ledger, storage), session, manner or Manner())


@contextmanager
def opened_mill(session: Session) -> Iterator[tuple[LocalMill, Ledger, Storage]]:
    """This machine's mill for as long as the block runs.

    Raises MillBusy where another works, NotReachable, EmbeddedServerError.
    """
    storage = open_checked_storage(session.settings)
    mill = LocalMill(mill_folder(storage), session.settings, session.clock)
    with mill:
        url = mill.start_server()
        try:
            with opened_ledger(url) as ledger:
                yield mill, ledger, storage
        except NotReachable:
            mill.check_server()
            raise


def work(
    batch: str,
    mill: LocalMill,
    places: tuple[Ledger, Storage],
    session: Session,
    manner: Manner,
) -> None:
    """Run a worker until the batch is finished, show it, say where things are, and exit."""
    ledger, storage = places
    document = document_of(ledger.batches, batch)
    try:
        status = until_finished(document, mill, ledger, session, manner)
    except KeyboardInterrupt:
        session.complain(
            f"\nStopped; nothing is lost and nothing is paid twice."
            f" Go on with: {resume_command(session)}"
        )
        sys.exit(ExitCode.INTERRUPTED)
    _say_where(status, storage, session)
    if session.as_json:
        session.data(manner.document(status))
    code = of_finished(status)
    # A rehearsal has done its work when it is finished, refused rows and all.
    sys.exit(ExitCode.OK if document.simulated and code is not ExitCode.CANCELLED else code)


def until_finished(
    document: Batch, mill: LocalMill, ledger: Ledger, session: Session, manner: Manner
) -> BatchStatus:
    """Run a worker until the batch is finished. Raises as `watch`, ChildError."""
    status = status_of(ledger.batches, document.batch)
    if status.state == BatchState.FINISHED:
        return status
    _let_go(document, ledger, session, manner)
    worker = mill.start_worker(simulated=document.simulated)

    def check() -> None:
        if worker.ended:
            raise ChildError(
                f"The worker ended: {worker.last_words()} (see {worker.log})."
                f" Go on with: {resume_command(session)}",
                worker.exit_code,
            )

    try:
        status = followed(
            ledger,
            document.batch,
            session,
            timeout_s=manner.timeout_s,
            check=check,
            show=manner.show,
        )
    except BudgetSpent:
        _tell(Event.BUDGET, document, ledger, session)
        raise
    except LanesStopped as error:
        _tell(Event.STOPPED, document, ledger, session)
        raise went_on_here(error, session) from error
    _tell(Event.FINISHED, document, ledger, session)
    return status


def _tell(event: Event, document: Batch, ledger: Ledger, session: Session) -> None:
    """Wait until people were told, and say so where they could not be."""
    settings, clock = session.settings, session.clock
    with interruption() as interrupted:
        said = last_word(document, event, ledger, settings, clock, check=interrupted)
    session.complain(said)


def _let_go(document: Batch, ledger: Ledger, session: Session, manner: Manner) -> None:
    """Take back what held the batch, as far as the command means to."""
    if manner.unpauses and ledger.batches.unhold(document.batch, document.lanes, Hold.PAUSE):
        session.say(f"{document.batch} was paused; it goes on.")
    if manner.resumes_lanes:
        for counts in ledger.batches.counts(document):
            if counts.stopped != PAUSED_BY_HAND:
                ledger.lanes.resume(counts.lane)


def _again(status: BatchStatus) -> str:
    return f"; {reused(status)}" if status.reused else ""


def _say_where(status: BatchStatus, storage: Storage, session: Session) -> None:
    troubles = ("partial", "failed", "cancelled", "uncertain")
    counts = [
        f"{status.succeeded} of {status.total} row{'' if status.total == 1 else 's'} complete"
    ]
    counts += [f"{getattr(status, name)} {name}" for name in troubles if getattr(status, name)]
    images = f"{status.images} image{'' if status.images == 1 else 's'}"
    session.say(f"{', '.join(counts)}; {images} for {money(status)}{_again(status)}.")
    for title, name in (
        ("Contact sheet", layout.CONTACT_SHEET),
        ("Results", layout.RESULTS_CSV),
        ("", layout.RESULTS_JSONL),
        ("Pictures", "images"),
    ):
        place = storage.location(layout.batch_file(status.batch, name))
        session.say(f"{title + ':' if title else '':<15}{_short(place)}")
    if status.failed or status.partial:
        place = storage.location(layout.batch_file(status.batch, layout.FAILED_CSV))
        session.say(f"{'To do again:':<15}imagemill retry {status.batch}")
        session.say(f"{'  or correct:':<15}{_short(place)}")
    if status.uncertain:
        session.say(
            f"{'To decide:':<15}{status.uncertain} may have been paid for; order them once more"
            f" with imagemill retry {status.batch} --uncertain"
        )


def _short(place: str) -> str:
    try:
        return str(Path(place).relative_to(Path.cwd()))
    except ValueError:
        return place
