"""Measures what a job costs: the CPU of our own processes, from the row to the picture in a bucket.

The provider answers at once, so that nothing is measured but us: python -m bench.cost.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psutil

from bench.mill import (
    IMAGEMILL,
    START_TIMEOUT_S,
    Failed,
    Limits,
    Mill,
    running,
    running_mill,
    wait_until,
)
from bench.rows import write_manifest
from bench.yardstick import seen_by
from schemas import layout
from schemas.batch import BatchStatus
from schemas.states import BatchState
from storage.s3 import S3Storage
from storage.s3_options import S3Options
from tests.seaweed import Seaweed, run_seaweed

WORKERS = 2
JOBS = 2000
"""So many that the start of `submit` is a small part: a second of CPU."""
QUICK_JOBS = 200
FIRST_JOBS = 50
"""Done before anything is measured: connections are made, and the lane learns its provider."""
FIRST, MEASURED = "first", "measured"
REGION = "us-east-1"
LOOK_S = 0.05
OTHERS = ("valkey-server", "weed", "simulator")
"""What the other processes' command lines begin with: server, storage, provider."""


@dataclass(frozen=True)
class Instant(Limits):
    """A provider that stands in nobody's way."""

    rate: int = 100_000
    lane_rate: float = 100_000.0
    window: int = 1000
    query_rate: int = 100_000
    generation_s: float = 0.01
    running: int = 1000
    image_bytes: int = 200_000
    thumbnails: bool = False
    """Whether the mill makes small pictures for the contact sheet."""

    def simulator_options(self) -> list[str]:
        """The simulator's command line."""
        return [*super().simulator_options(), "--image-bytes", str(self.image_bytes)]

    def settings(self) -> str:
        """The mill's imagemill.toml."""
        return f"{super().settings()}\n[worker]\nthumbnails = {str(self.thumbnails).lower()}\n"


@dataclass(frozen=True)
class Cost:
    """One batch through a mill that stores in a bucket."""

    jobs: int
    workers: int
    thumbnails: bool
    cpu_ms_per_job: float
    """Of `submit` and of all workers together, until the last picture is stored."""
    submit_ms_per_job: float
    """Of that: the command `submit`, its start included."""
    closing_ms_per_job: float
    """Not of that: the tables and the contact sheet, which draws small pictures that are missing."""
    server_ms_per_job: float
    """Not of that either, as the next two are not: what Valkey took until the last picture was stored."""
    storage_ms_per_job: float
    simulator_ms_per_job: float
    round_trips_per_job: float
    """Reads of the server from its clients' sockets: ledger, broker, and the dispatcher's ticks."""
    jobs_per_s: float
    """By the time from the first order to the last stored picture."""
    jobs_per_s_whole: float
    """By the time from the start of the command `submit` to the last stored picture."""
    polls_per_job: float
    images_stored: int
    """Pictures as long as the results say, each with its sidecar."""
    orders: int
    """That the provider accepted: one a job, where nothing was paid for twice."""

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


class _Spent(NamedTuple):
    """CPU seconds so far, and how often the server read from a socket."""

    workers_s: float
    server_s: float
    storage_s: float
    simulator_s: float
    round_trips: int

    def since(self, earlier: _Spent) -> _Spent:
        """What was spent in between."""
        return _Spent(
            self.workers_s - earlier.workers_s,
            self.server_s - earlier.server_s,
            self.storage_s - earlier.storage_s,
            self.simulator_s - earlier.simulator_s,
            self.round_trips - earlier.round_trips,
        )


class _Stored(NamedTuple):
    images: int
    last_at_s: float
    """Epoch seconds of the last job's end."""


def measure(jobs: int, *, thumbnails: bool = False) -> Cost:
    """Order `jobs` pictures from a provider that answers at once, and keep them in SeaweedFS."""
    with (
        TemporaryDirectory(prefix="mill-seaweed-") as folder,
        run_seaweed(Path(folder)) as server,
        _running_on(server, Instant(thumbnails=thumbnails)) as mill,
    ):
        _hand_in(mill, FIRST, FIRST_JOBS)
        _wait(lambda: _status(mill, FIRST).state == BatchState.FINISHED, FIRST_JOBS)
        ordered = seen_by(mill.simulator_url)
        before, began_s = _spent(mill), time.time()
        submit_s = _hand_in(mill, MEASURED, jobs)
        _wait(lambda: _status(mill, MEASURED).succeeded == jobs, jobs)
        stored_s, after = time.time() - began_s, _spent(mill)
        _wait(lambda: _status(mill, MEASURED).state == BatchState.FINISHED, jobs)
        closed = _spent(mill)
        seen = seen_by(mill.simulator_url)
        stored = _stored(server, MEASURED)
    first_s = seen.arrivals_s[ordered.accepted]
    spent = after.since(before)
    return Cost(
        jobs=jobs,
        workers=WORKERS,
        thumbnails=thumbnails,
        cpu_ms_per_job=(submit_s + spent.workers_s) / jobs * 1000,
        submit_ms_per_job=submit_s / jobs * 1000,
        closing_ms_per_job=(closed.workers_s - after.workers_s) / jobs * 1000,
        server_ms_per_job=spent.server_s / jobs * 1000,
        storage_ms_per_job=spent.storage_s / jobs * 1000,
        simulator_ms_per_job=spent.simulator_s / jobs * 1000,
        round_trips_per_job=spent.round_trips / jobs,
        jobs_per_s=jobs / (stored.last_at_s - first_s),
        jobs_per_s_whole=jobs / stored_s,
        polls_per_job=(seen.queries - ordered.queries) / jobs,
        images_stored=stored.images,
        orders=seen.accepted - ordered.accepted,
    )


@contextmanager
def _running_on(server: Seaweed, limits: Limits) -> Iterator[Mill]:
    """A mill that keeps its pictures in a bucket, and its workers."""
    with running_mill(0, limits) as mill, ExitStack() as stack:
        environment = {
            **mill.environment,
            "IMAGEMILL_STORAGE_URL": f"s3://{server.bucket}",
            "IMAGEMILL_S3_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_REGION": REGION,
        }
        command = [IMAGEMILL, "worker", "--exit-with-parent"]
        logs = [mill.folder / f"worker-{number}.log" for number in range(WORKERS)]
        workers = [
            stack.enter_context(running(command, mill.folder, environment, log)) for log in logs
        ]
        reported = mill.ledger.fleet.workers
        wait_until(lambda: len(reported()) == WORKERS, START_TIMEOUT_S, "the workers")
        pids = tuple(worker.pid for worker in workers)
        yield replace(mill, environment=environment, workers=pids)


def _hand_in(mill: Mill, batch: str, jobs: int) -> float:
    """Hand in a batch; returns the CPU seconds of `submit`."""
    manifest = mill.folder / f"{batch}.csv"
    write_manifest(manifest, jobs, batch)  # drawn before, it would not be ordered
    before_s = _children_s()
    mill.imagemill("submit", str(manifest), "--quiet", "--batch", batch)
    return _children_s() - before_s


def _wait(done: Callable[[], bool], jobs: int) -> None:
    """Looks often: what the workers do between the moment and the look is counted too."""
    deadline_s = time.monotonic() + 60 + jobs / 10
    while not done():
        if time.monotonic() > deadline_s:
            raise Failed("the batch took too long")
        time.sleep(LOOK_S)


def _status(mill: Mill, batch: str) -> BatchStatus:
    status = mill.ledger.batches.status(batch)
    if status is None:
        raise Failed(f"there is no batch {batch}")
    return status


def _children_s() -> float:
    """CPU of the children that have ended: between two calls, of the command run in between."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _spent(mill: Mill) -> _Spent:
    running = psutil.Process().children(recursive=True)
    others = [each for each in running if each.pid not in mill.workers]
    server_s, storage_s, simulator_s = (
        _cpu_s(one for one in others if any(name in part for part in one.cmdline()[:3]))
        for name in OTHERS
    )
    workers_s = _cpu_s(map(psutil.Process, mill.workers))
    told = mill.ledger.client.info("stats")
    reads = int(told["total_reads_processed"])
    return _Spent(workers_s, server_s, storage_s, simulator_s, reads)


def _cpu_s(processes: Iterable[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(each.user + each.system for each in times))


def _stored(server: Seaweed, batch: str) -> _Stored:
    options = S3Options(
        endpoint_url=server.endpoint_url,
        region=REGION,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
    )
    storage = S3Storage(server.bucket, options=options)
    try:
        table = storage.get(layout.batch_file(batch, layout.RESULTS_JSONL)).decode()
        there = {found.key: found.size_bytes for found in storage.list(f"batches/{batch}/images/")}
    finally:
        storage.close()
    results = [json.loads(line) for line in table.splitlines()]
    whole = [
        image
        for result in results
        for image in result["images"]
        if there.get(image["key"]) == image["size_bytes"]
        and layout.sidecar_key(image["key"]) in there
    ]
    ends_s = [datetime.fromisoformat(result["finished_at"]).timestamp() for result in results]
    return _Stored(len(whole), max(ends_s))


def main() -> None:
    """One run with nothing around it, to look at: python -m bench.cost [JOBS [thumbnails]]."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    print(json.dumps(measure(jobs, thumbnails="thumbnails" in sys.argv).document(), indent=1))


if __name__ == "__main__":
    main()
