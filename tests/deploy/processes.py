"""The processes deploy/ knows, as deploy/Procfile starts them, and a runner for them."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.cli import forked
from tests.cli.command import CommandLine
from tests.system.worker_process import WorkerProcess

DEPLOY = Path(__file__).parents[2] / "deploy"


def procfile() -> dict[str, list[str]]:
    """Each process and the words of its command."""
    lines = (DEPLOY / "Procfile").read_text(encoding="utf-8").splitlines()
    found = [line.partition(":") for line in lines if line.strip() and not line.startswith("#")]
    return {name: shlex.split(command) for name, _, command in found}


def started(words: Sequence[str], command_line: CommandLine, log: Path) -> WorkerProcess:
    """A process of the Procfile: this Python's imagemill with the same arguments."""
    program, *arguments = words
    assert program == "imagemill"
    return WorkerProcess(command_line, log, forked.command, arguments)


def made_secrets(goal: Path, **environment: str) -> Path:
    """What deploy/make-secrets.sh makes."""
    subprocess.run(
        [str(DEPLOY / "make-secrets.sh"), str(goal)],
        env={"PATH": "/usr/bin:/bin", **environment},
        check=True,
        capture_output=True,
    )
    return goal
