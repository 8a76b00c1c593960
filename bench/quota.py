"""Measures how much of a provider's rate a fleet uses, and what it costs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import psutil

from bench.mill import Limits, Mill, running_mill, wait_until
from bench.rows import write_manifest
from bench.yardstick import Seen, first_order_s, median_and_p95, seen_by
from schemas import layout
from schemas.model import window_of
from schemas.states import BatchState
from simulator.settings import LIMITERS

WORKERS = 2
UNLIMITED = 100_000
"""As many tasks at once as anybody orders."""


@dataclass(frozen=True)
class Quota:
    """One run of the mill against a provider that admits so many orders a second."""

    limiter: str
    lane_rate: float
    jobs: int
    workers: int
    orders: int
    """That the provider accepted."""
    rate_used: float
    rate_used_since_submit: float
    """From the moment the command `imagemill submit` was started."""
    refused_orders: int
    refused_queries: int
    polls_per_job: float
    most_in_a_second: int
    longest_gap_s: float
    charged_twice: int
    images_stored: int
    stored_after_s: float
    """Median, from the provider's end of a task to the picture checked and stored."""
    stored_after_p95_s: float
    cpu_ms_per_job: float
    """Of all worker processes, from just before `submit` to the batch's end."""
    worker_rss_mb: float
    """The largest of the workers at the end."""
    seconds: float
    """From the start of `submit` until the batch is finished, its tables written."""

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


def measure(jobs: int, limits: Limits) -> Quota:
    """Order `jobs` pictures through two workers and wait for the last."""
    with running_mill(WORKERS, limits) as mill:
        manifest = mill.folder / "mugs.csv"
        write_manifest(manifest, jobs)
        cpu_s, began_s = _cpu_s(mill), time.time()
        batch = mill.imagemill("submit", str(manifest), "--quiet")
        wait_until(lambda: _finished(mill, batch), jobs / limits.rate * 8 + 60, "the batch's end")
        seconds, cpu_s = time.time() - began_s, _cpu_s(mill) - cpu_s
        seen = seen_by(mill.simulator_url)
        stored, late_s = _stored(mill.storage, batch, seen)
        middle_s, p95_s = median_and_p95(late_s or [0.0])
        return Quota(
            limiter=limits.limiter,
            lane_rate=limits.lane_rate,
            jobs=jobs,
            workers=WORKERS,
            orders=seen.accepted,
            rate_used=seen.share_used(limits.rate),
            rate_used_since_submit=seen.share_used_since(began_s, limits.rate),
            refused_orders=seen.refused_orders,
            refused_queries=seen.refused_queries,
            polls_per_job=seen.polls_per_job,
            most_in_a_second=seen.most_in_a_second,
            longest_gap_s=seen.longest_gap_s,
            charged_twice=seen.charged_twice,
            images_stored=stored,
            stored_after_s=middle_s,
            stored_after_p95_s=p95_s,
            cpu_ms_per_job=cpu_s / jobs * 1000,
            worker_rss_mb=_largest_mb(mill),
            seconds=seconds,
        )


def _finished(mill: Mill, batch: str) -> bool:
    status = mill.ledger.batches.status(batch)
    return status is not None and status.state == BatchState.FINISHED


def _stored(storage: Path, batch: str, seen: Seen) -> tuple[int, list[float]]:
    """Pictures whose bytes are those of the results table, and how late each job ended."""
    table = storage / layout.batch_file(batch, layout.RESULTS_JSONL)
    results = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    images = [image for result in results for image in result["images"]]
    whole = sum(1 for image in images if _digest(storage / image["key"]) == image["sha256"])
    late_s = [
        datetime.fromisoformat(result["finished_at"]).timestamp()
        - seen.finished_at_s[result["ticket"]]
        for result in results
        if result["ticket"] in seen.finished_at_s
    ]
    return whole, late_s


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _cpu_s(mill: Mill) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in mill.workers]
    return float(sum(each.user + each.system for each in times))


def _largest_mb(mill: Mill) -> float:
    return float(max(psutil.Process(pid).memory_info().rss for pid in mill.workers)) / 1e6


@dataclass(frozen=True)
class Scenario:
    """A provider's limits, and who orders there."""

    rate: int = 20
    """Orders a second the provider admits."""
    running: int = UNLIMITED
    """Tasks it runs at once."""
    generation_s: float = 4.0
    """Median; log-normal."""
    workers: int = 2
    flavour: str = "token-bucket"
    """How the provider counts: see simulator/limiter.py."""
    span_s: float = 40.0
    """Measured for so long, from one second after the first order on."""

    @property
    def is_little(self) -> bool:
        """A few orders a second: several such share the machine."""
        return self.rate <= LITTLE_PER_S

    @property
    def limits(self) -> Limits:
        """For the simulator and for the mill; the window as the catalogue would have it."""
        unlimited = self.running == UNLIMITED
        most = int(self.rate * (2 * self.generation_s + 6))
        return Limits(
            rate=self.rate,
            lane_rate=float(self.rate),
            window=most if unlimited else window_of(self.running),
            query_rate=max(20 * self.rate, 100),
            generation_s=self.generation_s,
            running=self.running,
            limiter=self.flavour,
        )


@dataclass(frozen=True)
class Use:
    """How much of what a provider allows was used in a scenario's span."""

    scenario: Scenario
    rate_used: float
    running_used: float
    """Of the allowed running time; next to nothing where the provider runs any number."""
    refused_share: float
    """429s of all orders and queries, from the first order on."""
    refused_orders: int
    refused_queries: int
    orders: int
    most_in_a_second: int
    longest_gap_s: float
    polls_per_job: float
    cpu_ms_per_job: float
    """Of all worker processes, from the first order on, by accepted orders."""

    @property
    def used(self) -> float:
        """Of the limit that binds."""
        return max(self.rate_used, self.running_used)

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return {**asdict(self), "used": self.used}


MATRIX = tuple(
    Scenario(rate, running, generation_s, workers, flavour)
    for rate, running in ((2, 1), (2, 25), (20, UNLIMITED), (100, UNLIMITED))
    for generation_s in (4.0, 12.0)
    for workers in (2, 4)
    for flavour in ("token-bucket", "fixed-window", "sliding-window")
)
"""Every way of counting, at the limits of the issue."""
AT_ONCE = 6
"""Scenarios of a few orders a second that are measured at the same time."""
LITTLE_PER_S = 5


def measure_matrix(scenarios: Sequence[Scenario] = MATRIX, at_once: int = AT_ONCE) -> list[Use]:
    """Measure scenarios, in their order: those of a few orders a second together, others alone."""
    little = [each for each in scenarios if each.is_little]
    with ThreadPoolExecutor(at_once) as pool:
        found = dict(zip(little, pool.map(measure_use, little), strict=True))
    found |= {each: measure_use(each) for each in scenarios if each not in found}
    return [found[each] for each in scenarios]


def measure_use(scenario: Scenario) -> Use:
    """One scenario, anew."""
    rate, span_s = scenario.rate, scenario.span_s
    with running_mill(scenario.workers, scenario.limits) as mill:
        manifest = mill.folder / "mugs.csv"
        write_manifest(manifest, int(rate * (span_s + 10)))
        mill.imagemill("submit", str(manifest), "--quiet")
        wait_until(lambda: first_order_s(mill.simulator_url) is not None, 30, "the first order")
        first_s, cpu_s = first_order_s(mill.simulator_url) or 0.0, _cpu_s(mill)
        time.sleep(first_s + 1 + span_s - time.time())
        seen, cpu_s = seen_by(mill.simulator_url), _cpu_s(mill) - cpu_s
    return Use(
        scenario=scenario,
        rate_used=seen.share_used_within(first_s + 1, span_s, rate),
        running_used=seen.running_used_within(first_s + 1, span_s, scenario.running),
        refused_share=seen.refused_share,
        refused_orders=seen.refused_orders,
        refused_queries=seen.refused_queries,
        orders=seen.accepted,
        most_in_a_second=seen.most_in_a_second,
        longest_gap_s=seen.longest_gap_s,
        polls_per_job=seen.polls_per_job,
        cpu_ms_per_job=cpu_s / max(seen.accepted, 1) * 1000,
    )


@click.command()
@click.option("--rate", default=20, show_default=True, help="Orders a second.")
@click.option("--running", default=UNLIMITED, help="Tasks at once. [default: any number]")
@click.option("--generation-s", default=4.0, show_default=True, help="Median seconds a task runs.")
@click.option("--workers", default=2, show_default=True, help="Worker processes.")
@click.option("--flavour", type=click.Choice(LIMITERS), default=LIMITERS[0], show_default=True)
@click.option("--span-s", default=40.0, show_default=True, help="Seconds measured.")
def main(**given: Any) -> None:
    """One scenario with nothing around it, to look at: python -m bench.quota --rate 20."""
    click.echo(json.dumps(measure_use(Scenario(**given)).document(), indent=1))


if __name__ == "__main__":
    main()
