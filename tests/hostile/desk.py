"""Runs commands one after the other, each in a process of its own, with the libraries read once.

A command takes half a second to read its libraries. Here one process reads them, and forks for
every command it is told: the same program, its own environment, and the same exit codes.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from producer.cli import main as command
from tests.cli.command import CommandLine, Ran
from worker.__main__ import main as worker

PATIENCE_S = 45
"""A command that takes longer shows where it stands, and ends."""


class Desk:
    """Whoever types the commands."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, command_line: CommandLine, *arguments: str) -> Ran:
        """Run a command to its end. No command may ever show a traceback."""
        told = {
            "arguments": arguments,
            "folder": str(command_line.folder),
            "environment": command_line.environment,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        ran = Ran(**json.loads(self._process.stdout.readline()))
        said = f"{arguments} ended with {ran.code}\n{ran.out}\n{ran.err}"
        assert "Traceback" not in ran.err, said
        assert "Timeout (" not in ran.err, said
        assert "imagemill broke" not in ran.err, said
        return ran

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def _serve() -> None:
    programs = {"worker": worker}
    for line in sys.stdin:
        told = json.loads(line)
        program = programs.get(told["arguments"][0])
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _become(told, out.fileno(), err.fileno())
                faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
                if program is not None:
                    program(told["arguments"][1:], prog_name="imagemill worker")
                command()
            _, status = os.waitpid(child, 0)
            texts = {name: _text(file) for name, file in (("out", out), ("err", err))}
        answer = {"code": os.waitstatus_to_exitcode(status), **texts}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _become(told: Mapping[str, Any], out: int, err: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(told["folder"])
    os.environ.clear()  # noqa: TID251 - a command's own environment
    os.environ.update(told["environment"])  # noqa: TID251 - likewise
    sys.argv = ["imagemill", *told["arguments"]]


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


if __name__ == "__main__":
    _serve()
