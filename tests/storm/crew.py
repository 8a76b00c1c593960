"""The workers of a storm: each slot has one, and gets another when it is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import wait_until

EXIT_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Job:
    """How one worker process is started."""

    command: list[str]
    folder: Path
    environment: dict[str, str]


@dataclass
class Worker:
    """One process and its log."""

    process: subprocess.Popen[bytes]
    log: Path
    frozen: bool = False

    def send(self, number: int) -> None:
        """A signal, to whatever it started as well; nothing happens to one that is gone."""
        if self.process.poll() is None:  # else its number may be another's by now
            os.killpg(self.process.pid, number)


class Crew:
    """All workers, in their slots. `close` ends them whatever they do."""

    def __init__(self, make: Callable[[str], Job], folder: Path, slots: int) -> None:
        self._make = make
        self._folder = folder
        self._turn = 0
        self.logs: list[Path] = []
        self.workers = [self._start() for _ in range(slots)]

    def kill(self, slot: int) -> None:
        """SIGKILL; returns once another is on its way in its place."""
        worker = self.workers[slot]
        worker.send(signal.SIGKILL)
        worker.process.wait()
        self.workers[slot] = self._start()

    def freeze(self, slot: int) -> Worker:
        """SIGSTOP; whom it hit."""
        worker = self.workers[slot]
        worker.send(signal.SIGSTOP)
        worker.frozen = True
        return worker

    def thaw(self, worker: Worker) -> None:
        """SIGCONT."""
        worker.send(signal.SIGCONT)
        worker.frozen = False

    def replace_ended(self) -> list[Worker]:
        """Workers that ended by themselves; each is replaced, as a fleet's would be."""
        ended = []
        for slot, worker in enumerate(self.workers):
            if worker.process.poll() is not None:
                ended.append(worker)
                self.workers[slot] = self._start()
        return ended

    def terminate(self) -> list[int]:
        """SIGTERM to all; their exit codes, -9 for one that would not go."""
        for worker in self.workers:
            worker.send(signal.SIGCONT)
            worker.send(signal.SIGTERM)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self._running(), EXIT_TIMEOUT_S, "workers to end")
        self.close()
        return [worker.process.returncode for worker in self.workers]

    def close(self) -> None:
        """SIGKILL to whoever is left."""
        for worker in self.workers:
            worker.send(signal.SIGKILL)
            worker.process.wait()

    def _running(self) -> bool:
        return any(worker.process.poll() is None for worker in self.workers)

    def _start(self) -> Worker:
        self._turn += 1
        job = self._make(f"{self._turn:03}")
        log = self._folder / f"worker-{self._turn:03}.log"
        self.logs.append(log)
        with log.open("ab") as stream:
            process = subprocess.Popen(
                job.command,
                cwd=job.folder,
                env=job.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        return Worker(process, log)
