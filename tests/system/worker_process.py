"""A real worker process that can be frozen, ended and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cli.command import PROGRAM, CommandLine

IMAGEMILL_WORKER = (str(PROGRAM), "worker")


class WorkerProcess:
    """`imagemill worker`, with its log in a file."""

    def __init__(
        self, command_line: CommandLine, log: Path, command: Sequence[str] = IMAGEMILL_WORKER
    ) -> None:
        self._log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                command,
                cwd=command_line.folder,
                env=command_line.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    @property
    def name(self) -> str:
        """As the fleet knows it."""
        return f"{socket.gethostname()}-{self.process.pid}"

    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(errors="replace")

    def entries(self) -> list[dict[str, Any]]:
        """The events of its log."""
        lines = self.log().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def freeze(self) -> None:
        """Let none of its threads go on."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, to whatever it started as well; also ends a frozen one."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, timeout_s: float) -> int:
        """SIGTERM; the exit code. Raises TimeoutExpired."""
        self._send(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def _send(self, number: int) -> None:
        self.process.send_signal(number)
