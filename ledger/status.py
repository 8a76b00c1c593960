"""A batch as people see it: made of its document, its record, its lanes' figures and its purses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.purse import Figures
from schemas.batch import Batch, BatchStatus, BudgetStatus, Hold, LaneCounts, Priority
from schemas.money import to_text, to_texts
from schemas.states import BatchState, JobState

HELD_STATES = {
    Hold.CANCEL: "cancelling",
    Hold.PAUSE: "paused",
    Hold.BUDGET: "parked: budget",
    Hold.HOURS: "outside its hours",
}
"""What people are told of a batch that is held, the first reason that counts before the others."""
_SUMMED = ("images", "reused", "possible_double_charges")
"""Figures of a batch that are those of its lanes together."""


def status_from(
    batch: Batch,
    record: Mapping[Any, Any],
    lanes: Sequence[LaneCounts],
    purses: Mapping[str, Figures],
) -> BatchStatus:
    """The status; `purses` are the batch's budgets by currency."""
    costs: dict[str, int] = {}
    at_risk: dict[str, int] = {}
    for counts in lanes:
        currency = batch.currencies[counts.lane]
        costs[currency] = costs.get(currency, 0) + counts.cost_micro
        at_risk[currency] = at_risk.get(currency, 0) + counts.at_risk_micro
    single = next(iter(costs)) if len(costs) == 1 else None
    return BatchStatus(
        batch=batch.batch,
        state=_state(str(record["state"]), lanes),
        priority=Priority(str(record.get("priority", batch.priority))),
        total=batch.total,
        **{name: sum(getattr(counts, name) for counts in lanes) for name in _SUMMED},
        cost=to_text(costs[single]) if single else "0.00",
        currency=single,
        costs=to_texts(costs),
        at_risk=to_texts({currency: micro for currency, micro in at_risk.items() if micro}),
        budgets={
            currency: BudgetStatus(
                limit=to_text(purse.limit_micro or 0),
                spent=to_text(purse.spent_micro),
                reserved=to_text(purse.reserved_micro),
            )
            for currency, purse in purses.items()
        },
        started_at=record.get("started_at"),
        finished_at=record.get("finished_at"),
        stopped={counts.lane: counts.stopped for counts in lanes if counts.stopped},
        troubles={counts.lane: counts.trouble for counts in lanes if counts.trouble},
        **_states(lanes, None if record["state"] == BatchState.FINISHED else batch.total),
    )


def _state(state: str, lanes: Iterable[LaneCounts]) -> str:
    """What people are told of a batch's state: one that is held says why."""
    reasons = {reason for counts in lanes for reason in counts.holds}
    if state == BatchState.FINISHED:
        return state
    return next((word for reason, word in HELD_STATES.items() if reason in reasons), state)


def _states(lanes: Sequence[LaneCounts], total: int | None) -> dict[str, int]:
    """The jobs of all lanes by state; what one lane received and another still has counts once.

    No `total`: nothing is on its way any more, and what is counted is said.
    """
    states = {str(s): sum(counts.states[s] for counts in lanes) for s in JobState}
    twice = 0 if total is None else max(sum(states.values()) - total, 0)
    return {**states, JobState.PENDING: max(states[JobState.PENDING] - twice, 0)}
