"""Measures a long batch to its end: speed, and memory from its first tenth to its last.

The provider answers at once and its pictures are small: python -m bench.endurance [JOBS [WORKERS]].
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import psutil

from bench.cost import Instant
from bench.mill import Failed, Mill, running_mill
from bench.rows import write_manifest
from bench.server_work import ServerWork, read_server, work_between
from schemas.states import BatchState

JOBS = 100_000
WORKERS = 2
SAMPLES = 400
SLOWEST_PER_S = 10
"""Jobs a second; slower than this is given up."""
START_TIMEOUT_S = 120.0
BATCH = "long"


class Sample(NamedTuple):
    """One look at everything."""

    at_s: float
    ended: int
    worker_mb: float
    """Resident, of the larger worker: one of them holds the dispatcher as well."""
    server_mb: float
    """The server's used_memory."""


class Tenths(NamedTuple):
    """A median over the first tenth of the jobs and over the last."""

    first_mb: float
    last_mb: float


@dataclass(frozen=True)
class Endurance:
    """One batch through a mill that stores in a directory."""

    jobs: int
    workers: int
    jobs_per_s: float
    """From the first job's end to the last, both as sampled."""
    seconds: float
    """From the start of `submit` to the last job's end."""
    closing_s: float
    """From there until the tables and the contact sheet are written."""
    worker: Tenths
    worker_closing_mb: float
    """The most while tables and contact sheet are written."""
    server: Tenths
    server_work: ServerWork
    images_stored: int

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return {
            **asdict(self),
            "worker": self.worker._asdict(),
            "server": self.server._asdict(),
        }


def measure(jobs: int = JOBS, workers: int = WORKERS) -> Endurance:
    """Order `jobs` pictures and wait for the tables. Raises Failed when it takes too long."""
    with running_mill(workers, Instant(image_bytes=2_000)) as mill:
        manifest = mill.folder / "mugs.csv"
        write_manifest(manifest, jobs)
        before, began_s = read_server(mill.ledger), time.monotonic()
        mill.imagemill("submit", str(manifest), "--quiet", "--batch", BATCH)
        seen = _sampled_until_ended(mill, jobs)
        ended_s, after = time.monotonic(), read_server(mill.ledger)
        closing_mb = _most_while_closing(mill, jobs)
        closed_s = time.monotonic()
        images = mill.storage / "batches" / BATCH / "images"
        stored = sum(1 for _ in images.glob("*.png"))
    first, last = tenths(seen, jobs)
    work = [sample for sample in seen if sample.ended]
    return Endurance(
        jobs=jobs,
        workers=workers,
        jobs_per_s=(work[-1].ended - work[0].ended) / max(work[-1].at_s - work[0].at_s, 1e-9),
        seconds=ended_s - began_s,
        closing_s=closed_s - ended_s,
        worker=Tenths(_median_worker_mb(first), _median_worker_mb(last)),
        worker_closing_mb=closing_mb,
        server=Tenths(_median_server_mb(first), _median_server_mb(last)),
        server_work=work_between(before, after, jobs),
        images_stored=stored,
    )


def tenths(seen: Sequence[Sample], jobs: int) -> tuple[list[Sample], list[Sample]]:
    """Samples of the first tenth of the jobs and of the last; each has one at least."""
    first = [sample for sample in seen if 0 < sample.ended <= jobs / 10]
    last = [sample for sample in seen if sample.ended >= jobs * 9 / 10]
    return first or list(seen[:1]), last or list(seen[-1:])


def _sampled_until_ended(mill: Mill, jobs: int) -> list[Sample]:
    deadline_s = time.monotonic() + START_TIMEOUT_S + jobs / SLOWEST_PER_S
    every_s = min(max(jobs / 100 / SAMPLES, 0.1), 5.0)
    seen = [_sample(mill)]
    while seen[-1].ended < jobs:
        if time.monotonic() > deadline_s:
            raise Failed(f"{seen[-1].ended} of {jobs} jobs were done when time was up")
        time.sleep(every_s)
        seen.append(_sample(mill))
    return seen


def _most_while_closing(mill: Mill, jobs: int) -> float:
    deadline_s = time.monotonic() + START_TIMEOUT_S + jobs / SLOWEST_PER_S
    most_mb = 0.0
    while _state(mill) != BatchState.FINISHED:
        if time.monotonic() > deadline_s:
            raise Failed("the tables were not written in time")
        most_mb = max(most_mb, _sample(mill).worker_mb)
        time.sleep(0.1)
    return max(most_mb, _sample(mill).worker_mb)


def _state(mill: Mill) -> str:
    status = mill.ledger.batches.status(BATCH)
    return "" if status is None else status.state


def _sample(mill: Mill) -> Sample:
    status = mill.ledger.batches.status(BATCH)
    return Sample(
        at_s=time.monotonic(),
        ended=status.ended if status else 0,
        worker_mb=max(psutil.Process(pid).memory_info().rss for pid in mill.workers) / 1e6,
        server_mb=int(mill.ledger.fleet.server_info()["used_memory"]) / 1e6,
    )


def _median_worker_mb(samples: Sequence[Sample]) -> float:
    return statistics.median(sample.worker_mb for sample in samples)


def _median_server_mb(samples: Sequence[Sample]) -> float:
    return statistics.median(sample.server_mb for sample in samples)


def main() -> None:
    """One run with nothing around it, to look at."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else WORKERS
    print(json.dumps(measure(jobs, workers).document(), indent=1))


if __name__ == "__main__":
    main()
