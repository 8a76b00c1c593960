"""The processes `imagemill run` starts beside itself, and how they end."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from schemas.clock import SystemClock
from schemas.settings import child_environment

POLL_S = 0.02
STOP_TIMEOUT_S = 15.0
_OF_THE_USERS_SIDE = {int(ExitCode.SETTINGS), int(ExitCode.UNREACHABLE)}
"""What a worker exits with as a command does; whatever else it ends with is a fault of ours."""


class ChildError(ProducerError):
    """A process that was started ended, though it should not have."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        if code in _OF_THE_USERS_SIDE:
            self.exit_code = code


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(
    condition: Callable[[], bool],
    clock: SystemClock,
    timeout_s: float,
    alive: subprocess.Popen[bytes] | None = None,
) -> bool:
    """Whether the condition came true in time, while the process lives."""
    deadline_s = clock.monotonic_s() + timeout_s
    while not condition():
        if clock.monotonic_s() > deadline_s or (alive is not None and alive.poll() is not None):
            return condition()
        clock.sleep(POLL_S)
    return True


class Child:
    """One Python module, run as a process of its own; it ends when we end, however we end."""

    def __init__(self, module: str, arguments: list[str], log: Path, **environment: str) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                # Safe path: a program we are part of may have a worker.py of its own here.
                [sys.executable, "-P", "-m", module, *arguments, "--exit-with-parent"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=child_environment(**environment),
                start_new_session=True,  # Ctrl-C is for us: we stop it in order
            )

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    @property
    def exit_code(self) -> int | None:
        """What it ended with; negative: the signal that killed it. None: it lives."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def first_line(self) -> dict[str, str]:
        """The JSON line a server prints when it is ready. Raises ChildError if it ended instead."""
        line = self._stdout.readline()
        if not line:
            raise ChildError(f"A process ended at once: {self.last_words()} (see {self.log})")
        answer: dict[str, str] = json.loads(line)
        return answer

    def last_words(self) -> str:
        """The last line it wrote to its log."""
        with self.log.open("rb") as stream:
            stream.seek(self._log_start)
            lines = stream.read().decode(errors="backslashreplace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        """Ask it to finish; insist after a while."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    @property
    def _stdout(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise ChildError("the process was started without a pipe")
        return self._process.stdout
