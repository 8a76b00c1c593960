"""Everything that is measured, in the order in which it is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bench import backlog, capacity, cost, endurance, growth, million, quota
from bench.medians import medians
from bench.mill import Limits
from bench.peers import comparison
from bench.results import Figures

TIMES = 5
"""What is compared, and what a job costs, is the median of so many runs."""
QUOTA_JOBS = 400
QUICK_JOBS = 100
QUICK_ROWS = 20_000
STRICT = tuple(Limits(limiter="sliding-window", lane_rate=rate) for rate in (20.0, 19.0))
"""The strictest way to count, met at the limit and a little below."""


class Measurement(NamedTuple):
    """One of them: it starts what it needs, and ends it."""

    name: str
    says: str
    """While it runs."""
    measure: Callable[[], Figures]
    quickly: Callable[[], Figures] | None = None
    """With less of everything, for `--quick`; None: left out there."""


def _quota() -> Figures:
    runs = (Limits(), *STRICT)
    return {"runs": [quota.measure(QUOTA_JOBS, limits).document() for limits in runs]}


def _quota_quickly() -> Figures:
    return {"runs": [quota.measure(QUICK_JOBS, Limits()).document()]}


def _cost() -> Figures:
    plain = [cost.measure(cost.JOBS).document() for _ in range(TIMES)]
    drawn = cost.measure(cost.JOBS, thumbnails=True).document()
    return {"jobs": cost.JOBS, "plain": medians(plain), "thumbnails": drawn}


def _cost_quickly() -> Figures:
    jobs = cost.QUICK_JOBS
    return {"jobs": jobs, "plain": medians([cost.measure(jobs).document()])}


def _backlog() -> Figures:
    forms = {form: backlog.measure(million.ROWS, form).document() for form in ("csv", "jsonl")}
    return {"rows": million.ROWS, **forms}


def _backlog_quickly() -> Figures:
    return {"rows": QUICK_ROWS, "csv": backlog.measure(QUICK_ROWS, times=1).document()}


def _peers() -> Figures:
    return {
        "vendor": comparison.measure(comparison.VENDOR_QUERY_RATE),
        "generous": comparison.measure(comparison.GENEROUS_QUERY_RATE, times=1),
    }


MEASUREMENTS = (
    Measurement("quota", "how much of a quota is used", _quota, _quota_quickly),
    Measurement("cost", "what a job costs", _cost, _cost_quickly),
    Measurement("backlog", "rows handed in", _backlog, _backlog_quickly),
    Measurement("million", "a million rows before one mill", lambda: million.measure().document()),
    Measurement("peers", "the mill and its peers, in turn", _peers),
    Measurement("workers", "throughput by worker processes", growth.workers),
    Measurement("rows", "memory by rows", growth.rows),
    Measurement("rates", "use of the quota by rate", growth.rates),
    Measurement("capacity", "a thousand lanes", lambda: capacity.measure().document()),
    Measurement(
        "endurance",
        f"{endurance.JOBS:,} jobs to their end",
        lambda: endurance.measure().document(),
    ),
)
"""The longest comes last: whoever interrupts it keeps the rest."""
