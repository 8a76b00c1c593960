"""Every target, with the reason where one is known to be missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.aims import Aim
from bench.results import Figures

_MILL = 0
"""The mill's place among the contestants."""


def _at(*path: str | int) -> Callable[[Figures], float | None]:
    """What lies there; None where the run did not measure it."""

    def found(figures: Figures) -> float | None:
        value: Any = figures
        for step in path:
            if isinstance(value, dict) and step not in value:
                return None
            value = value[step]
        return None if value is None else float(value)

    return found


def _tenths_grown(figures: Figures, part: str) -> float:
    """How much more memory in the last tenth than in the first."""
    tenths = figures[part]
    return float(tenths["last_mb"] / tenths["first_mb"] - 1)


def _most_running_mb(figures: Figures) -> float:
    return float(max(figures["waiting_mb"], figures["running_mb"]))


def _refused(figures: Figures) -> float:
    run = figures["runs"][0]
    return float(run["refused_orders"] + run["refused_queries"])


def _mill(figures: Figures) -> Figures:
    found: Figures = figures["vendor"]["contestants"][_MILL]
    return found


PROMISES = (
    Aim(
        "quota",
        "share of the allowed rate used, 20/s",
        _at("runs", 0, "rate_used"),
        "{:.1%}",
        at_least=0.99,
    ),
    Aim("quota", "requests refused (429)", _refused, "{:.0f}", at_most=0),
    Aim(
        "quota",
        "orders charged twice",
        lambda found: max(run["charged_twice"] for run in found["runs"]),
        "{:.0f}",
        at_most=0,
    ),
    Aim(
        "quota",
        "images stored, bytes as in the results",
        lambda found: min(run["images_stored"] / run["jobs"] for run in found["runs"]),
        "{:.0%}",
        at_least=1.0,
    ),
    Aim(
        "cost",
        "CPU of a job, `submit` and two workers, 200 KB into a bucket",
        _at("plain", "cpu_ms_per_job"),
        "{:.1f} ms",
        at_most=8.0,
    ),
    Aim(
        "cost",
        "throughput, instant provider, {jobs:,} jobs",
        _at("plain", "jobs_per_s"),
        "{:.0f} jobs/s",
        at_least=100.0,
    ),
    *(
        Aim(
            "backlog",
            f"`submit` of {{rows:,}} rows, {form.upper()}",
            _at(form, "rows_per_s"),
            "{:,.0f} rows/s",
            at_least=40_000.0,
        )
        for form in ("csv", "jsonl")
    ),
    *(
        Aim(
            "backlog",
            f"its resident memory at most, {form.upper()}",
            _at(form, "peak_rss_mb"),
            "{:.0f} MB",
            at_most=200.0,
        )
        for form in ("csv", "jsonl")
    ),
    Aim(
        "backlog",
        "lines of progress it showed",
        _at("csv", "progress_lines"),
        "{:.0f}",
        at_least=1.0,
    ),
    Aim(
        "million",
        "Redis above empty, {rows:,} rows waiting",
        _at("waiting_mb"),
        "{:.2f} MB",
        at_most=30.0,
    ),
    Aim(
        "million",
        "Redis above empty, the same while they run",
        _most_running_mb,
        "{:.1f} MB",
        at_most=30.0,
    ),
    Aim(
        "million",
        "reading a batch's status, {rows:,} rows",
        lambda found: max(found["status_ms"], found["status_running_ms"]),
        "{:.1f} ms",
        at_most=50.0,
    ),
    *(
        Aim(
            "million",
            f"`{command}` beside {{rows:,}} rows, from its start to the last order",
            _at(command, "effective_s"),
            "{:.2f} s",
            at_most=1.0,
        )
        for command in ("pause", "cancel")
    ),
    Aim(
        "million",
        "`submit --priority high` beside {rows:,} rows, to its first order",
        _at("urgent_start_s"),
        "{:.2f} s",
        at_most=2.0,
    ),
    Aim(
        "million",
        "least part of its due that a batch had of a shared lane",
        _at("sharing", "fairness"),
        "{:.0%}",
        at_least=0.9,
    ),
    Aim(
        "endurance",
        "{jobs:,} jobs: a worker's memory, last tenth against first",
        lambda found: _tenths_grown(found, "worker"),
        "{:+.1%}",
        at_most=0.1,
    ),
    Aim(
        "endurance",
        "{jobs:,} jobs: Redis' memory, last tenth against first",
        lambda found: _tenths_grown(found, "server"),
        "{:+.1%}",
        at_most=0.1,
    ),
    Aim(
        "endurance",
        "{jobs:,} jobs: images stored",
        lambda found: found["images_stored"] / found["jobs"],
        "{:.0%}",
        at_least=1.0,
    ),
    Aim(
        "peers",
        "share of the rate used, 20 orders and 20 queries a second",
        _at("vendor", "contestants", _MILL, "rate_used"),
        "{:.1%}",
        at_least=0.99,
    ),
    Aim(
        "peers",
        "images kept, in the worst round",
        lambda found: _mill(found)["images_stored"] / _mill(found)["jobs"],
        "{:.0%}",
        at_least=1.0,
    ),
    Aim(
        "peers",
        "charged twice, in the worst round",
        _at("vendor", "contestants", _MILL, "charged_twice"),
        "{:.0f}",
        at_most=0,
    ),
)
