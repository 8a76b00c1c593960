"""Workers that come and go while they are measured: four slots, each filled again at once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.mill import IMAGEMILL, START_TIMEOUT_S, STOP_TIMEOUT_S, Failed, Mill


class Fleet:
    """`imagemill worker`, several times."""

    def __init__(self, mill: Mill) -> None:
        self._mill = mill
        self._started = 0
        self.workers: list[subprocess.Popen[bytes]] = []

    def fill(self, slots: int) -> None:
        """Start so many, and wait until all of them work."""
        self.workers = [self._start() for _ in range(slots)]
        for slot in range(slots):
            self.wait_ready(slot)

    def is_ready(self, slot: int) -> bool:
        """Whether the worker there has reported in."""
        name = f"{socket.gethostname()}-{self.workers[slot].pid}"
        return name in self._mill.ledger.fleet.workers()

    def wait_ready(self, slot: int) -> None:
        """Return once it has. Raises Failed."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not self.is_ready(slot):
            if time.monotonic() > deadline_s or self.workers[slot].poll() is not None:
                raise Failed(f"worker {slot} did not start")
            time.sleep(0.05)

    def replace(self, slot: int) -> subprocess.Popen[bytes]:
        """Put another in its place; whom it takes the place of."""
        before = self.workers[slot]
        self.workers[slot] = self._start()
        return before

    def close(self) -> None:
        """End all that are left: told to, then made to."""
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(STOP_TIMEOUT_S)
            kill(worker)

    def _start(self) -> subprocess.Popen[bytes]:
        self._started += 1
        log = self._mill.folder / f"fleet-{self._started:03}.log"
        with log.open("ab") as stream:
            return subprocess.Popen(
                [IMAGEMILL, "worker", "--exit-with-parent"],
                cwd=self._mill.folder,
                env=self._mill.environment,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )


@contextmanager
def running_fleet(mill: Mill, slots: int) -> Iterator[Fleet]:
    """So many workers, ended with the block."""
    fleet = Fleet(mill)
    try:
        fleet.fill(slots)
        yield fleet
    finally:
        fleet.close()


def kill(worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL, to whatever it started as well."""
    if worker.poll() is None:  # else its number may be another's by now
        os.killpg(worker.pid, signal.SIGKILL)
    worker.communicate()
