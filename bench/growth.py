"""Measures what grows with what: throughput with workers, memory with rows, quota use with rate."""

from __future__ import annotations

from dataclasses import asdict

from bench import backlog, endurance
from bench.mill import Limits
from bench.peers import comparison
from bench.results import Figures

WORKERS = (1, 2, 4)
WORK_JOBS = 1000
ROWS = (1_000, 10_000, 100_000, 1_000_000)
RATES = (2, 5, 10, 20, 50, 100)
RATE_S = 20.0
"""Orders for so long, at each rate."""
GENERATION_S = 4.0
TIME_BOX_S = 120.0


def workers(counts: tuple[int, ...] = WORKERS, jobs: int = WORK_JOBS) -> Figures:
    """Jobs a second from a provider that answers at once, by worker processes."""
    return {"runs": [endurance.measure(jobs, count).document() for count in counts]}


def rows(counts: tuple[int, ...] = ROWS) -> Figures:
    """Resident memory of `submit` and the server's memory, by rows."""
    return {"runs": [backlog.measure(count, times=1).document() for count in counts]}


def rates(counts: tuple[int, ...] = RATES) -> Figures:
    """Use of the allowed rate, by rate; queries are not what is short here."""
    runs = []
    for rate in counts:
        limits = Limits(
            rate=rate,
            lane_rate=float(rate),
            window=max(20, round(rate * GENERATION_S * 3)),
            query_rate=comparison.GENEROUS_QUERY_RATE * max(1, rate // 20),
            generation_s=GENERATION_S,
        )
        jobs = max(20, round(rate * RATE_S))
        contest = comparison.contest(comparison.MILL, jobs, limits, TIME_BOX_S)
        runs.append({"rate": rate, **asdict(contest)})
    return {"runs": runs}
