"""A real worker process that can be frozen, ended and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cli import forked
from tests.cli.command import PROGRAM, CommandLine


class WorkerProcess:
    """`imagemill worker`, with its log in a file."""

    def __init__(
        self,
        command_line: CommandLine,
        log: Path,
        program: forked.Program = forked.worker,
        arguments: Sequence[str] = (),
    ) -> None:
        self._log = log
        with log.open("ab") as stream, Path(os.devnull).open("rb") as nothing:
            self.process = forked.Forked(
                program,
                [str(PROGRAM), *arguments],
                command_line.folder,
                command_line.environment,
                (nothing.fileno(), stream.fileno(), stream.fileno()),
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
