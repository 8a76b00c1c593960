"""Runs the mill and its peers against the same simulator settings, and measures them the same way.

python -m bench.peers.comparison [JOBS [QUERIES_PER_S [NAME ...]]]
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace

from bench.medians import medians
from bench.mill import Limits
from bench.peers import contestants
from bench.peers.contestants import Ran
from bench.results import Figures
from bench.yardstick import drawn_at_s, median_and_p95, seen_by

JOBS = 200
TIMES = 5
VENDOR_QUERY_RATE = 20
"""Task queries a second DashScope admits for an account."""
GENEROUS_QUERY_RATE = 100
"""More than anybody here asks: only the orders are limited."""
TIME_BOX_S = 60.0
MILL = "imagemill, 2 workers"
CONTESTANTS: dict[str, Callable[[int, Limits, float], AbstractContextManager[Ran]]] = {
    MILL: contestants.imagemill,
    "dashscope SDK, 128 threads": contestants.sdk_threads,
    "asyncio script, own limiter": contestants.asyncio_script,
    "plain Celery app, 2 workers": contestants.plain_celery,
}


@dataclass(frozen=True)
class Contest:
    """One run of one contestant."""

    name: str
    jobs: int
    orders: int
    """That the provider accepted."""
    rate_used: float
    """Of the allowed rate, from the first order to the last."""
    rate_used_since_start: float
    """From the moment its first command was started; the mill's workers wait for work before."""
    most_in_a_second: int
    refused_orders: int
    refused_queries: int
    polls_per_job: float
    late_s: float | None
    """Median, from the picture drawn to the picture kept; None: none was kept."""
    late_p95_s: float | None
    cpu_ms_per_job: float
    """Of all its processes from the first order on, for each accepted order."""
    images_stored: int
    charged_twice: int
    seconds: float
    in_time: bool
    """False: it was ended before it was done."""


def measure(
    query_rate: int,
    jobs: int = JOBS,
    times: int = TIMES,
    names: Sequence[str] = tuple(CONTESTANTS),
) -> Figures:
    """Everybody in turn, so many rounds: the medians, by name."""
    limits = replace(Limits(), query_rate=query_rate)
    runs: dict[str, list[Figures]] = {name: [] for name in names}
    for _ in range(times):
        for name in names:
            runs[name].append(asdict(contest(name, jobs, limits)))
    return {
        "jobs": jobs,
        "times": times,
        "rate": limits.rate,
        "query_rate": query_rate,
        "contestants": [medians(each) for each in runs.values()],
    }


def contest(name: str, jobs: int, limits: Limits, time_box_s: float = TIME_BOX_S) -> Contest:
    """One contestant, once."""
    with CONTESTANTS[name](jobs, limits, time_box_s) as ran:
        return _counted(name, jobs, limits, ran)


def _counted(name: str, jobs: int, limits: Limits, ran: Ran) -> Contest:
    seen = seen_by(ran.simulator_url)
    late_s = _late_s(ran)
    middle_s, p95_s = median_and_p95(late_s) if late_s else (None, None)
    first_s = seen.arrivals_s[0] if seen.arrivals_s else ran.ended_s
    return Contest(
        name=name,
        jobs=jobs,
        orders=seen.accepted,
        rate_used=seen.share_used(limits.rate),
        rate_used_since_start=seen.share_used_since(ran.began_s, limits.rate),
        most_in_a_second=seen.most_in_a_second,
        refused_orders=seen.refused_orders,
        refused_queries=seen.refused_queries,
        polls_per_job=seen.polls_per_job,
        late_s=middle_s,
        late_p95_s=p95_s,
        cpu_ms_per_job=1000 * ran.spent.since(first_s) / max(seen.accepted, 1),
        images_stored=len(ran.kept_at_s),
        charged_twice=seen.charged_twice,
        seconds=ran.ended_s - ran.began_s,
        in_time=len(ran.kept_at_s) == jobs,
    )


def _late_s(ran: Ran) -> list[float]:
    """How long each picture waited to be kept: both clocks are this machine's."""
    drawn = drawn_at_s(ran.simulator_url)
    with ran.manifest.open(encoding="utf-8", newline="") as stream:
        prompts = {row["sku"]: row["prompt"] for row in csv.DictReader(stream)}
    return [
        kept_s - drawn[prompts[sku]]
        for sku, kept_s in ran.kept_at_s.items()
        if prompts[sku] in drawn
    ]


def main() -> None:
    """One round with nothing around it, to look at."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    query_rate = int(sys.argv[2]) if len(sys.argv) > 2 else VENDOR_QUERY_RATE
    names = [name for name in CONTESTANTS if name.split()[0] in sys.argv[3:]] or [*CONTESTANTS]
    print(json.dumps(measure(query_rate, jobs, 1, names), indent=1))


if __name__ == "__main__":
    main()
