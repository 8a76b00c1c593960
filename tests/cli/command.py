"""The command line as its users run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli import forked

PROGRAM = Path(sys.executable).parent / "imagemill"
AS_INSTALLED = Path(__file__).parents[1] / "as_installed"
TIMEOUT_S = 45.0


def python_path(*folders: Path) -> str:
    """Where a command finds modules besides those that are installed."""
    return os.pathsep.join(map(str, (*folders, AS_INSTALLED)))


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout: there may be nothing else."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON line on stdout."""
        (found,) = self.documents
        return found


@dataclass(frozen=True)
class CommandLine:
    """`imagemill` in one folder, with an environment of its own."""

    folder: Path
    variables: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's own settings and keys reaches the commands."""
        return {
            "PATH": os.defpath,
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": python_path(),
            "PYTHONWARNINGS": "error::ResourceWarning",
            "SIMULATOR_IMAGES": "small",  # drawing and decoding large ones is most of a rehearsal
            **self.variables,
        }

    def with_variables(self, **changes: str) -> CommandLine:
        """The same with further variables."""
        return CommandLine(self.folder, {**self.variables, **changes})

    def __call__(self, *arguments: str, stdin: bytes = b"", timeout_s: float = TIMEOUT_S) -> Ran:
        """Run a command to its end. No command may ever show a traceback."""
        ran = self._ran(arguments, stdin, timeout_s)
        said = f"{arguments} ended with {ran.code}\n{ran.out}\n{ran.err}"
        assert "Traceback" not in ran.err, said
        assert "imagemill broke" not in ran.err, said
        return ran

    def _ran(self, arguments: Sequence[str], stdin: bytes, timeout_s: float) -> Ran:
        if "PYTHONPATH" in self.variables:  # other code than this project's
            with self.started(*arguments) as process:
                out, err = process.communicate(stdin, timeout=timeout_s)
            return Ran(process.returncode, out.decode(), err.decode())
        typed = [str(PROGRAM), *arguments]
        code, out, err = forked.run(typed, self.folder, self.environment, stdin, timeout_s)
        return Ran(code, out.decode(), err.decode())

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command on its way; it and what it started in its session end with the block."""
        process = subprocess.Popen(
            [str(PROGRAM), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with process:
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file into the folder; returns its name."""
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)
        return name

    def manifest(self, name: str, rows: int, model: str = "wanx-v1", n: int = 1) -> str:
        """Write a manifest of good rows; returns its name."""
        lines = [f"{name}-{i:03},{prompt_of(name, i)},{model},{n}" for i in range(rows)]
        return self.write(f"{name}.csv", "\n".join(["sku,prompt,model,n", *lines]) + "\n")


def prompt_of(name: str, row: int) -> str:
    """A prompt that no other row has, nor begins with another row's."""
    return f"a blue teapot of {name} number {row:03}"
