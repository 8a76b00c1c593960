"""Holds batches outside of the hours in which they order, and lets them go within."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.opening import Ledger
from schemas.batch import Hold
from schemas.states import BatchState

LOOK_S = 60.0
"""The longest until the next look: a clock that was put right is noticed."""
SOONEST_S = 0.05


def keep_hours(ledger: Ledger) -> None:
    """Look at each batch whose hours began or ended.

    By the server's clock, as everything else; a moment late at most, since the next look is booked.
    """
    due = ledger.hours.due(LOOK_S)
    if due:
        now = datetime.fromtimestamp(ledger.fleet.now_ms() / 1000, UTC)
        for name in due:
            _keep(name, now, ledger)


def _keep(name: str, now: datetime, ledger: Ledger) -> None:
    batch = ledger.batches.document(name)
    finished = ledger.batches.state(name) is BatchState.FINISHED
    if batch is None or batch.hours is None or finished:
        ledger.hours.forget(name)
        return
    if batch.hours.is_open(now):
        ledger.batches.unhold(name, batch.lanes, Hold.HOURS)
    else:
        ledger.batches.hold(name, batch.lanes, Hold.HOURS)
    next_s = (batch.hours.next_change(now) - now).total_seconds()
    ledger.hours.book(name, min(max(next_s, SOONEST_S), LOOK_S))
