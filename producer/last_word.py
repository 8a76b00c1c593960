"""Waits, before the last worker of this machine ends, until people were told what happened."""

from __future__ import annotations

from collections.abc import Callable

from ledger.notices import Notices
from ledger.opening import Ledger
from results.telling.target import whom
from schemas.batch import Batch
from schemas.clock import Clock
from schemas.notify import Event
from schemas.settings import Settings

MOST_WAIT_S = 15.0
LOOK_S = 0.1


def last_word(
    batch: Batch,
    event: Event,
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    *,
    check: Callable[[], None] = lambda: None,
) -> str:
    """Wait until somebody was told of an event, and of whatever else there was to tell.

    Returns what to say where nobody could be told in time; empty where all is told, or where nobody
    is to be. Raises whatever `check` raises, which is called at every look.
    """
    notify = whom(batch, settings)
    if notify is None or event not in notify.events:
        return ""
    if event is not Event.FINISHED:
        ledger.batches.look_at(batch.batch)  # what is noticed at a look is noticed now
    began_s = clock.monotonic_s()
    while not _is_told(batch.batch, event, ledger.notices):
        if clock.monotonic_s() - began_s > MOST_WAIT_S:
            return _untold(batch.batch, ledger.notices)
        check()
        clock.sleep(LOOK_S)
    return ""


def _is_told(batch: str, event: Event, notices: Notices) -> bool:
    number = notices.finished_round(batch) if event is Event.FINISHED else None
    posted = any(
        one.event is event and (number is None or one.detail == str(number))
        for one in notices.told(batch)
    )
    return posted and not notices.untold(batch)


def _untold(batch: str, notices: Notices) -> str:
    reasons = dict.fromkeys(notices.untold(batch).values())
    why = "; ".join(reasons) or "no worker has looked"
    return (
        f"Nobody could be told of {batch}: {why}."
        " Within a day it is tried again whenever imagemill works here."
    )
