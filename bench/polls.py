"""Measures what finding out about pictures costs: task queries a job, and how late an end is noticed.

python -m bench.polls --rate 2 --generation-s 4 --jobs 100
python -m bench.polls --rate 50 --generation-s 50 --jobs 1400 --window 1000
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import click

from bench.mill import Limits, Mill, running_mill, wait_until
from bench.rows import write_manifest
from bench.yardstick import Seen, median_and_p95, seen_by
from schemas.states import BatchState, JobState

WORKERS = 2
QUERY_RATE = 20
"""DashScope's limit for all task queries of an account (Model Studio: asynchronous tasks)."""
SLOWEST_OF_GENERATION = 6.0
"""No log-normal time with sigma 0.4 is so many times the median."""


@dataclass(frozen=True)
class Polls:
    """One run against a provider that answers so many task queries a second."""

    rate: float
    """Orders a second."""
    generation_s: float
    """Median; log-normal, sigma 0.4."""
    jobs: int
    window: int
    query_rate: int
    queries_per_job: float
    lists_per_job: float
    """Of these, queries for the task list."""
    noticed_p50_s: float
    """From the provider's end of a task until a query by its id was first answered with it."""
    noticed_p95_s: float
    refused_queries: int
    refused_orders: int
    most_running: int
    """Jobs that had a task at the provider at one moment, as the ledger has it."""
    queries_a_second: float
    """From the first accepted order to the last noticed end."""
    rate_used: float
    charged_twice: int
    seconds: float

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


def measure(
    *,
    rate: float,
    generation_s: float,
    jobs: int,
    window: int | None = None,
    query_rate: int = QUERY_RATE,
) -> Polls:
    """Order `jobs` pictures through two workers and wait for the last.

    The window holds what is being drawn in two generation times, unless it is named.
    """
    limits = Limits(
        rate=max(int(rate), 1),
        lane_rate=rate,
        window=window or max(int(2 * rate * generation_s) + 10, 20),
        query_rate=query_rate,
        generation_s=generation_s,
    )
    longest_s = jobs / min(rate, query_rate / 3) + SLOWEST_OF_GENERATION * generation_s + 60
    with running_mill(WORKERS, limits) as mill:
        seconds, most_running = _finish(mill, jobs, longest_s)
        seen = seen_by(mill.simulator_url)
    p50_s, p95_s = median_and_p95(list(seen.noticed_after_s) or [0.0])
    return Polls(
        rate=rate,
        generation_s=generation_s,
        jobs=jobs,
        window=limits.window,
        query_rate=query_rate,
        queries_per_job=round(seen.polls_per_job, 3),
        lists_per_job=round(seen.lists / seen.accepted, 3),
        noticed_p50_s=round(p50_s, 3),
        noticed_p95_s=round(p95_s, 3),
        refused_queries=seen.refused_queries,
        refused_orders=seen.refused_orders,
        most_running=most_running,
        queries_a_second=round(seen.queries / _span_s(seen), 2),
        rate_used=round(seen.share_used(rate), 4),
        charged_twice=seen.charged_twice,
        seconds=round(seconds, 1),
    )


def _finish(mill: Mill, jobs: int, longest_s: float) -> tuple[float, int]:
    """Order so many; seconds until the last has ended, and the most that were running."""
    manifest = mill.folder / "mugs.csv"
    write_manifest(manifest, jobs)
    began_s, most = time.monotonic(), 0
    batch = mill.imagemill("submit", str(manifest), "--quiet")

    def is_finished() -> bool:
        nonlocal most
        status = mill.ledger.batches.status(batch)
        if status is None:
            return False
        most = max(most, getattr(status, JobState.RUNNING))
        return status.state == BatchState.FINISHED

    wait_until(is_finished, longest_s, "the batch's end")
    return time.monotonic() - began_s, most


def _span_s(seen: Seen) -> float:
    return max(max(seen.finished_at_s.values()) - seen.arrivals_s[0], 1e-3)


@click.command()
@click.option("--rate", type=float, default=20.0, help="Orders a second.")
@click.option("--generation-s", type=float, default=4.0, help="Median generation time.")
@click.option("--jobs", type=int, default=400)
@click.option("--window", type=int, help="[default: what two generation times hold]")
@click.option("--query-rate", type=int, default=QUERY_RATE, help="Task queries a second.")
def main(
    *, rate: float, generation_s: float, jobs: int, window: int | None, query_rate: int
) -> None:
    """One run; its figures as JSON."""
    found = measure(
        rate=rate, generation_s=generation_s, jobs=jobs, window=window, query_rate=query_rate
    )
    click.echo(json.dumps(found.document(), indent=1))


if __name__ == "__main__":
    main(prog_name="python -m bench.polls")
