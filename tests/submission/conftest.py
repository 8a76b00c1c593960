"""A real server for each test process, emptied before every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.opening import Ledger, open_ledger
from tests.steps.storages import StumblingStorage
from tests.valkey import Valkey, run_valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with run_valkey(tmp_path_factory.mktemp("valkey"), fsync="no") as server:
        yield server


@pytest.fixture(scope="session")
def session_ledger(valkey: Valkey) -> Iterator[Ledger]:
    opened = open_ledger(valkey.url)
    yield opened
    opened.close()


@pytest.fixture
def ledger(session_ledger: Ledger) -> Ledger:
    session_ledger.client.flushall()
    return session_ledger


@pytest.fixture
def storage(tmp_path: Path) -> StumblingStorage:
    return StumblingStorage(tmp_path / "store")
