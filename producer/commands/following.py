"""Follows a batch for a command, until it is finished or somebody presses Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ledger.errors import LedgerError
from ledger.opening import Ledger
from producer.exit_codes import ExitCode
from producer.interruption import interruption
from producer.progress import Show, progress
from producer.session import Session
from producer.watching import LanesStopped, watch
from schemas.batch import BatchStatus


def followed(
    ledger: Ledger,
    name: str,
    session: Session,
    *,
    timeout_s: float | None = None,
    check: Callable[[], None] = lambda: None,
    show: Show | None = None,
) -> BatchStatus:
    """Show a batch until it is finished: to `show`, or to the person at the terminal.

    Raises as `watch`; KeyboardInterrupt between two looks. A server that does not answer any more is
    not waited for then.
    """
    with interruption(ledger.leave) as interrupted, _shown(session, show) as shown:

        def look_around() -> None:
            interrupted()
            check()

        try:
            return watch(
                ledger.batches, name, shown, session.clock, timeout_s=timeout_s, check=look_around
            )
        except LedgerError:
            interrupted()
            raise


def _shown(session: Session, show: Show | None) -> AbstractContextManager[Show]:
    return progress(session.err, quiet=session.quiet) if show is None else nullcontext(show)


def waited_for(
    ledger: Ledger, name: str, session: Session, timeout_s: float | None = None
) -> BatchStatus:
    """The same for a batch that others work on: after Ctrl-C it goes on, and the command exits."""
    try:
        return followed(ledger, name, session, timeout_s=timeout_s)
    except LanesStopped as error:
        if session.settings.redis_url is not None:
            raise
        raise went_on_here(error, session) from error
    except KeyboardInterrupt:
        session.complain(f"\nThe batch goes on. `imagemill watch {name}` follows it again.")
        sys.exit(ExitCode.INTERRUPTED)


def went_on_here(error: LanesStopped, session: Session) -> LanesStopped:
    """The same, where this machine's own mill goes on, which resumes its lanes."""
    return LanesStopped(error.why, f"Then go on with: {resume_command(session)}")


def resume_command(session: Session) -> str:
    """What goes on with the newest batch of this machine's own mill."""
    place = session.settings.storage_url
    return "imagemill run --resume" + ("" if place == "./out" else f" --out {place}")
