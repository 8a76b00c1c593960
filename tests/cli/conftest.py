"""A folder with a command line in it, and the servers that commands are pointed at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.opening import Ledger, open_ledger
from tests.cli.command import CommandLine
from tests.seaweed import Seaweed, run_seaweed
from tests.valkey import Valkey, run_valkey


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """A command line that knows of no server."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return CommandLine(folder, {})


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    with run_valkey(folder) as server:
        yield server


@pytest.fixture
def ledger(valkey: Valkey) -> Iterator[Ledger]:
    """What that server knows."""
    opened = open_ledger(valkey.url)
    yield opened
    opened.close()


@pytest.fixture
def shared(alone: CommandLine, valkey: Valkey) -> CommandLine:
    """A command line that shares a Redis server with workers that are not there."""
    return alone.with_variables(IMAGEMILL_REDIS_URL=valkey.url)


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server
