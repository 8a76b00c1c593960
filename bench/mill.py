"""Starts the processes that are measured, and ends them whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.opening import Ledger, open_ledger
from tests.valkey import run_valkey

IMAGEMILL = str(Path(sys.executable).parent / "imagemill")
KEY = "sk-bench"
STOP_TIMEOUT_S = 15.0
START_TIMEOUT_S = 60.0
COMMAND_TIMEOUT_S = 600.0
_OURS = ("IMAGEMILL_", "DASHSCOPE_", "AWS_", "CELERY_")


class Failed(Exception):
    """A process did not do what is measured; says which, and its last words."""


@dataclass(frozen=True)
class Limits:
    """What the provider allows, told to the simulator and to the mill alike."""

    rate: int = 20
    """Orders a second the provider admits."""
    lane_rate: float = 20.0
    """Orders a second the mill makes."""
    window: int = 120
    query_rate: int = 100
    generation_s: float = 4.0
    generation_sigma: float = 0.4
    running: int = 100_000
    seed: int = 7
    limiter: str = "token-bucket"

    def simulator_options(self) -> list[str]:
        """The simulator's command line."""
        return [
            *("--rate", str(self.rate), "--running", str(self.running)),
            *("--query-rate", str(self.query_rate), "--limiter", self.limiter),
            *("--generation-s", str(self.generation_s)),
            *("--generation-sigma", str(self.generation_sigma)),
            *("--seed", str(self.seed), "--images", "small"),
        ]

    def settings(self) -> str:
        """The mill's imagemill.toml."""
        return (
            f'[accounts.default]\nprovider = "dashscope"\nquery_rate = "{self.query_rate}/s"\n\n'
            f'[lanes."dashscope:wanx-v1"]\nrate = "{self.lane_rate:g}/s"\nwindow = {self.window}\n'
        )


@dataclass(frozen=True)
class Mill:
    """A mill at work."""

    folder: Path
    storage: Path
    redis_url: str
    simulator_url: str
    environment: dict[str, str]
    ledger: Ledger
    workers: tuple[int, ...]
    """Process ids."""

    def imagemill(self, *arguments: str) -> str:
        """Run the command; returns what it printed. Raises Failed."""
        try:
            done = subprocess.run(
                [IMAGEMILL, *arguments],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=COMMAND_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"imagemill {arguments[0]} did not end") from error
        if done.returncode != 0:
            raise Failed(f"imagemill {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()


@contextmanager
def running_mill(workers: int, limits: Limits | None = None) -> Iterator[Mill]:
    """Valkey, simulator and workers in a folder of their own, until the block ends."""
    limits = limits or Limits()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mill-bench-")))
        redis_url = stack.enter_context(running_valkey(folder / "valkey"))
        simulator_url = stack.enter_context(running_simulator(folder, limits))
        config = folder / "imagemill.toml"
        config.write_text(limits.settings(), encoding="utf-8")
        storage = folder / "out"
        environment = clean_environment(
            IMAGEMILL_REDIS_URL=redis_url,
            IMAGEMILL_STORAGE_URL=str(storage),
            IMAGEMILL_CONFIG=str(config),
            DASHSCOPE_API_KEY=KEY,
            DASHSCOPE_HTTP_BASE_URL=f"{simulator_url}/api/v1",
        )
        ledger = open_ledger(redis_url, threads=2)
        stack.callback(ledger.close)
        command = [IMAGEMILL, "worker", "--exit-with-parent"]
        logs = [folder / f"worker-{number}.log" for number in range(workers)]
        processes = [
            stack.enter_context(running(command, folder, environment, log)) for log in logs
        ]
        wait_until(lambda: len(ledger.fleet.workers()) == workers, START_TIMEOUT_S, "the workers")
        pids = tuple(process.pid for process in processes)
        yield Mill(folder, storage, redis_url, simulator_url, environment, ledger, pids)


@contextmanager
def running_valkey(folder: Path) -> Iterator[str]:
    """A server as the mill wants it: append-only file, synced with every write. Yields its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    with run_valkey(folder, fsync="always") as server:
        yield server.url


@contextmanager
def running_simulator(folder: Path, limits: Limits) -> Iterator[str]:
    """A simulator; yields its URL."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--exit-with-parent"]
    command += limits.simulator_options()
    log = folder / "simulator.log"
    with running(command, Path.cwd(), clean_environment(), log) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Failed(f"the simulator did not start: {_end(log)}")
        yield json.loads(line)["url"]


@contextmanager
def running(
    command: list[str], folder: Path, environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is told to end when the block does, and made to when it will not."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
            start_new_session=True,  # Ctrl-C is for us: we end it in order
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without settings of ours, so that only the bench's count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "NO_PROXY": "127.0.0.1", **changes}


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Return once the condition holds. Raises Failed when it does not in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise Failed(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(0.1)


def _end(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
