"""Follows a batch for a command, until it is finished or somebody presses Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ledger.batches import Batches
from producer.exit_codes import ExitCode
from producer.interruption import interruption
from producer.progress import Show, progress
from producer.session import Session
from producer.watching import watch
from schemas.batch import BatchStatus


def followed(
    batches: Batches,
    name: str,
    session: Session,
    *,
    timeout_s: float | None = None,
    check: Callable[[], None] = lambda: None,
    show: Show | None = None,
) -> BatchStatus:
    """Show a batch until it is finished: to `show`, or to the person at the terminal.

    Raises as `watch`; KeyboardInterrupt between two looks.
    """
    with interruption() as interrupted, _shown(session, show) as shown:

        def look_around() -> None:
            interrupted()
            check()

        return watch(batches, name, shown, session.clock, timeout_s=timeout_s, check=look_around)


def _shown(session: Session, show: Show | None) -> AbstractContextManager[Show]:
    return progress(session.err, quiet=session.quiet) if show is None else nullcontext(show)


def waited_for(
    batches: Batches, name: str, session: Session, timeout_s: float | None = None
) -> BatchStatus:
    """The same for a batch that others work on: after Ctrl-C it goes on, and the command exits."""
    try:
        return followed(batches, name, session, timeout_s=timeout_s)
    except KeyboardInterrupt:
        session.complain(f"\nThe batch goes on. `imagemill watch {name}` follows it again.")
        sys.exit(ExitCode.INTERRUPTED)
