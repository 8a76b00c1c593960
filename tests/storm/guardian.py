"""Ends what a storm started when the storm itself is killed: `python -m tests.storm.guardian`.

The storm tells it, over its standard input, which processes are running; when that pipe closes
without a farewell, it kills those.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

FAREWELL: list[list[float]] = []
"""Nothing is running any more."""


class Guardian:
    """The storm's end of the pipe. Use as a context manager, outside of all that is started."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.storm.guardian"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the storm, which ends its processes in order
        )

    def look(self) -> None:
        """Take notice of every process below this one."""
        me = psutil.Process()
        others = [each for each in me.children(recursive=True) if each.pid != self._process.pid]
        known = []
        for each in others:
            with contextlib.suppress(psutil.NoSuchProcess):
                known.append([each.pid, each.create_time()])
        self._tell(known)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell(FAREWELL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _tell(self, known: list[list[float]]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(known).encode() + b"\n")
        self._process.stdin.flush()


def main() -> None:
    """Listen until the pipe closes, then end what was named last."""
    known = FAREWELL
    for line in sys.stdin.buffer:
        if line.endswith(b"\n"):  # the last one may be cut short
            known = json.loads(line)
    for pid, created in known:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(pid))
            # A number may have been given to another process meanwhile.
            if process.create_time() == created:
                process.kill()


if __name__ == "__main__":
    main()
