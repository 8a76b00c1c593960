"""Everything that is measured, in the order in which it is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from bench import backlog, capacity, cost, endurance, growth, million, polls, quota, ten_lanes
from bench.medians import medians
from bench.peers import comparison
from bench.results import Figures

TIMES = 5
"""What is compared, and what a job costs, is the median of so many runs."""
QUICK_JOBS = 100
QUICK_ROWS = 20_000
SPAN_S = 20.0
"""Of each scenario of the matrix: there are 48 of them."""
LITTLE_SPAN_S = 100.0
"""Where few are ordered a second, one more or less would be 2 % of them all."""
LANES_SPAN_S = 60.0
POLLS = ((2.0, 4.0, 100), (2.0, 12.0, 100), (10.0, 4.0, 300), (10.0, 12.0, 300))
"""Orders a second, median seconds of a task, jobs."""
THOUSAND_JOBS = 1400
"""Of which a thousand are at the provider at once, and 20 queries a second are scarce."""


class Measurement(NamedTuple):
    """One of them: it starts what it needs, and ends it."""

    name: str
    says: str
    """While it runs."""
    measure: Callable[[], Figures]
    quickly: Callable[[], Figures] | None = None
    """With less of everything, for `--quick`; None: left out there."""


def _quota() -> Figures:
    """Each scenario once; those of a few orders a second share the machine."""
    matrix = [
        replace(each, span_s=LITTLE_SPAN_S if each.is_little else SPAN_S) for each in quota.MATRIX
    ]
    return {"runs": [use.document() for use in quota.measure_matrix(matrix)]}


def _quota_quickly() -> Figures:
    return {"runs": [quota.measure_use(quota.Scenario(span_s=10.0)).document()]}


def _lanes() -> Figures:
    return {"lanes": [use.document() for use in ten_lanes.measure_lanes(LANES_SPAN_S)]}


def _polls() -> Figures:
    runs = [
        polls.measure(rate=rate, generation_s=generation_s, jobs=jobs).document()
        for rate, generation_s, jobs in POLLS
    ]
    thousand = polls.measure(rate=50.0, generation_s=50.0, jobs=THOUSAND_JOBS, window=1000)
    return {"runs": runs, "thousand": thousand.document()}


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
    Measurement("lanes", "ten lanes at once", _lanes),
    Measurement("polls", "how many looks a picture takes", _polls),
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
