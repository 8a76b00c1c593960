"""Runs the peers against the same simulator settings, and measures them the same way."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.mill import (
    KEY,
    STOP_TIMEOUT_S,
    Limits,
    clean_environment,
    running,
    running_simulator,
    running_valkey,
)
from bench.rows import write_manifest
from bench.yardstick import seen_by

ROOT = Path(__file__).parents[2]
CELERY = str(Path(sys.executable).parent / "celery")
CELERY_WORKERS = 2


@dataclass(frozen=True)
class Peer:
    """One run of a program that is not the mill."""

    name: str
    jobs: int
    accepted: int
    rate_used: float
    rate_used_since_start: float
    """From the moment its first process was started."""
    refused_orders: int
    refused_queries: int
    polls_per_job: float
    most_in_a_second: int
    charged_twice: int
    images_stored: int
    seconds: float
    in_time: bool
    """False: it was ended before it was done."""

    def document(self) -> dict[str, Any]:
        """For results.json."""
        return asdict(self)


class _Ground(NamedTuple):
    """What a peer works with."""

    folder: Path
    manifest: Path
    pictures: Path
    simulator_url: str
    environment: dict[str, str]


def sdk_threads(jobs: int, limits: Limits, time_box_s: float) -> Peer:
    """The vendor's SDK in 128 threads."""
    with _ground(jobs, limits) as ground:
        command = [
            *(sys.executable, "-m", "bench.peers.sdk_threads"),
            *(str(ground.manifest), str(ground.pictures)),
        ]
        began_s = time.time()
        with running(command, ROOT, ground.environment, ground.folder / "sdk.log") as process:
            _wait(lambda: process.poll() is not None, began_s + time_box_s)
            return _peer("dashscope SDK, 128 threads", jobs, limits, ground, began_s)


def plain_celery(jobs: int, limits: Limits, time_box_s: float) -> Peer:
    """A tutorial's Celery app with two workers."""
    with _ground(jobs, limits) as ground, ExitStack() as stack:
        environment = {
            **ground.environment,
            "BROKER_URL": stack.enter_context(running_valkey(ground.folder / "valkey")),
            "PICTURES": str(ground.pictures),
        }
        module = "bench.peers.plain_celery"
        began_s = time.time()
        for number in range(CELERY_WORKERS):
            command = [CELERY, "-A", module, "worker", "--hostname", f"peer-{number}@%h"]
            log = ground.folder / f"celery-{number}.log"
            worker = running(command, ROOT, environment, log)
            stack.callback(_kill, stack.enter_context(worker))
        send = [sys.executable, "-c", f"from {module} import order; order()", str(ground.manifest)]
        subprocess.run(send, cwd=ROOT, env=environment, check=True)
        _wait(lambda: _stored(ground) == jobs, began_s + time_box_s)
        return _peer("tutorial Celery app, 2 workers", jobs, limits, ground, began_s)


@contextmanager
def _ground(jobs: int, limits: Limits) -> Iterator[_Ground]:
    with tempfile.TemporaryDirectory(prefix="mill-peer-") as name:
        folder = Path(name)
        manifest, pictures = folder / "mugs.csv", folder / "pictures"
        write_manifest(manifest, jobs)
        pictures.mkdir()
        with running_simulator(folder, limits) as url:
            environment = clean_environment(
                DASHSCOPE_API_KEY=KEY, DASHSCOPE_HTTP_BASE_URL=f"{url}/api/v1"
            )
            yield _Ground(folder, manifest, pictures, url, environment)


def _peer(name: str, jobs: int, limits: Limits, ground: _Ground, began_s: float) -> Peer:
    seconds = time.time() - began_s
    seen = seen_by(ground.simulator_url)
    return Peer(
        name=name,
        jobs=jobs,
        accepted=seen.accepted,
        rate_used=seen.share_used(limits.rate),
        rate_used_since_start=seen.share_used_since(began_s, limits.rate),
        refused_orders=seen.refused_orders,
        refused_queries=seen.refused_queries,
        polls_per_job=seen.polls_per_job,
        most_in_a_second=seen.most_in_a_second,
        charged_twice=seen.charged_twice,
        images_stored=_stored(ground),
        seconds=seconds,
        in_time=_stored(ground) == jobs,
    )


def _stored(ground: _Ground) -> int:
    return sum(1 for _ in ground.pictures.iterdir())


def _wait(done: Callable[[], bool], until_s: float) -> None:
    while not done() and time.time() < until_s:
        time.sleep(0.1)


def _kill(worker: subprocess.Popen[bytes]) -> None:
    """A Celery worker with retries in memory takes long to end in order."""
    worker.terminate()
    try:
        worker.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        worker.kill()
