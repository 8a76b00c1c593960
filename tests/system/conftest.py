"""Mills to try out: each test its own, all parts ended with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.cli.command import CommandLine
from tests.seaweed import Seaweed, run_seaweed
from tests.system.mill import Mill


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Mill]:
    """A mill that keeps its pictures in a directory; no worker is running yet."""
    with ExitStack() as stack:
        yield Mill(tmp_path / "mill", stack)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[CommandLine]:
    """A command line that knows of no server, and brings its own."""
    yield CommandLine(tmp_path, {})
    end_embedded_server(tmp_path / "out" / ".imagemill")


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


def end_embedded_server(folder: Path) -> None:
    """A server that outlived its command, which only a failed or a killed one leaves behind."""
    for process in psutil.process_iter(["cmdline"]):
        if str(folder / "valkey.conf") in (process.info["cmdline"] or ()):
            process.kill()
