"""Measures how much of a provider's rate a fleet uses, and what it costs."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from bench.mill import Limits, Mill, running_mill, wait_until
from bench.rows import write_manifest
from bench.yardstick import Seen, median_and_p95, seen_by
from schemas import layout
from schemas.states import BatchState

WORKERS = 2


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


def main() -> None:
    """One run with nothing around it, to look at: python -m bench.quota."""
    print(json.dumps(measure(400, Limits()).document(), indent=1))


if __name__ == "__main__":
    main()
