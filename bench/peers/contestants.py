"""Each contestant at work on the same rows. What it does is counted while its simulator runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil
from PIL import Image

from bench.mill import (
    KEY,
    STOP_TIMEOUT_S,
    Limits,
    clean_environment,
    running,
    running_mill,
    running_simulator,
    running_valkey,
)
from bench.rows import write_manifest
from schemas.states import BatchState

ROOT = Path(__file__).parents[2]
CELERY = str(Path(sys.executable).parent / "celery")
WORKERS = 2
"""Of the mill and of the Celery app."""
LOOK_S = 0.25
BATCH = "mugs"


@dataclass
class Spent:
    """CPU of a contestant's processes, looked at now and then."""

    looks: list[tuple[float, float]] = field(default_factory=list)
    """Epoch seconds, CPU seconds so far."""

    def look(self, pids: Sequence[int]) -> None:
        """Add what they and their children have used until now; who has ended adds nothing."""
        used_s = sum(map(_tree_s, pids))
        self.looks.append((time.time(), max([used_s, *(cpu_s for _, cpu_s in self.looks[-1:])])))

    def since(self, moment_s: float) -> float:
        """CPU seconds from the last look before a moment (epoch seconds) on."""
        before = [cpu_s for at_s, cpu_s in self.looks if at_s <= moment_s]
        return self.looks[-1][1] - (before[-1] if before else 0.0) if self.looks else 0.0


class Ran(NamedTuple):
    """What a contestant left behind."""

    manifest: Path
    simulator_url: str
    began_s: float
    ended_s: float
    """Epoch seconds."""
    kept_at_s: dict[str, float]
    """SKU -> when its picture was written (epoch seconds); whole pictures only."""
    spent: Spent


class _Ground(NamedTuple):
    """What a peer works with."""

    folder: Path
    manifest: Path
    pictures: Path
    simulator_url: str
    environment: dict[str, str]


@contextmanager
def imagemill(jobs: int, limits: Limits, time_box_s: float) -> Iterator[Ran]:
    """The mill with two workers that wait for work."""
    with running_mill(WORKERS, limits) as mill:
        manifest, spent = mill.folder / "mugs.csv", Spent()
        write_manifest(manifest, jobs)
        spent.look(mill.workers)
        began_s = time.time()
        mill.imagemill("submit", str(manifest), "--quiet", "--batch", BATCH)

        def _done() -> bool:
            spent.look(mill.workers)
            status = mill.ledger.batches.status(BATCH)
            return status is not None and status.state == BatchState.FINISHED

        _wait(_done, began_s + time_box_s)
        ended_s = time.time()
        kept = _kept(mill.storage / "batches" / BATCH / "images", "_01")
        yield Ran(manifest, mill.simulator_url, began_s, ended_s, kept, spent)


@contextmanager
def sdk_threads(jobs: int, limits: Limits, time_box_s: float) -> Iterator[Ran]:
    """The vendor's SDK in 128 threads."""
    with _ground(jobs, limits) as ground:
        yield _script(ground, "bench.peers.sdk_threads", time_box_s)


@contextmanager
def asyncio_script(jobs: int, limits: Limits, time_box_s: float) -> Iterator[Ran]:
    """An asyncio script that spaces its own orders."""
    with _ground(jobs, limits) as ground:
        place = f"{ground.simulator_url}/api/v1"
        yield _script(ground, "bench.peers.asyncio_script", time_box_s, place, f"{limits.rate:g}")


@contextmanager
def plain_celery(jobs: int, limits: Limits, time_box_s: float) -> Iterator[Ran]:
    """A tutorial's Celery app with two workers."""
    with _ground(jobs, limits) as ground, ExitStack() as stack:
        environment = {
            **ground.environment,
            "BROKER_URL": stack.enter_context(running_valkey(ground.folder / "valkey")),
            "PICTURES": str(ground.pictures),
        }
        module, pids, spent = "bench.peers.plain_celery", [], Spent()
        began_s = time.time()
        for number in range(WORKERS):
            command = [CELERY, "-A", module, "worker", "--hostname", f"peer-{number}@%h"]
            log = ground.folder / f"celery-{number}.log"
            worker = stack.enter_context(running(command, ROOT, environment, log))
            stack.callback(_kill, worker)
            pids.append(worker.pid)
        send = [sys.executable, "-c", f"from {module} import order; order()", str(ground.manifest)]
        subprocess.run(send, cwd=ROOT, env=environment, check=True, timeout=time_box_s)

        def _done() -> bool:
            spent.look(pids)
            return sum(1 for _ in ground.pictures.iterdir()) == jobs

        _wait(_done, began_s + time_box_s)
        yield _ran(ground, began_s, spent)


def _script(ground: _Ground, module: str, time_box_s: float, *arguments: str) -> Ran:
    """Run a peer that is one process, until it ends or its time is up."""
    spent = Spent()
    command = [
        *(sys.executable, "-m", module),
        *(str(ground.manifest), str(ground.pictures), *arguments),
    ]
    began_s = time.time()
    with running(command, ROOT, ground.environment, ground.folder / "peer.log") as process:

        def _done() -> bool:
            spent.look([process.pid])
            return process.poll() is not None

        _wait(_done, began_s + time_box_s)
        return _ran(ground, began_s, spent)


def _ran(ground: _Ground, began_s: float, spent: Spent) -> Ran:
    ended_s, kept = time.time(), _kept(ground.pictures)
    return Ran(ground.manifest, ground.simulator_url, began_s, ended_s, kept, spent)


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


def _kept(folder: Path, index: str = "") -> dict[str, float]:
    pictures = folder.glob(f"*{index}.png")
    return {
        path.stem.removesuffix(index): path.stat().st_mtime for path in pictures if _is_whole(path)
    }


def _is_whole(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except OSError:
        return False
    return True


def _tree_s(pid: int) -> float:
    """CPU seconds of a process and what it started, as far as they are there."""
    used_s = 0.0
    try:
        own = psutil.Process(pid)
        for process in (own, *own.children(recursive=True)):
            times = process.cpu_times()
            used_s += times.user + times.system
    except psutil.NoSuchProcess:
        pass  # ended while we looked
    return used_s


def _wait(done: Callable[[], bool], until_s: float) -> None:
    while not done() and time.time() < until_s:
        time.sleep(LOOK_S)


def _kill(worker: subprocess.Popen[bytes]) -> None:
    """A Celery worker with retries in memory takes long to end in order."""
    worker.terminate()
    try:
        worker.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        worker.kill()
