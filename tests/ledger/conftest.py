"""A real server per test process, emptied before and inspected after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.opening import Ledger, open_ledger
from tests.ledger.leftovers import assert_keys_accounted_for
from tests.ledger.scene import Scene
from tests.valkey import Valkey, run_valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    # Nothing dies here, so nothing has to be on disk; test_restart.py starts its own.
    with run_valkey(tmp_path_factory.mktemp("valkey"), fsync="no") as server:
        yield server


@pytest.fixture(scope="session")
def session_ledger(valkey: Valkey) -> Iterator[Ledger]:
    opened = open_ledger(valkey.url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def ledger(session_ledger: Ledger) -> Iterator[Ledger]:
    session_ledger.client.flushall()
    yield session_ledger
    assert_keys_accounted_for(session_ledger)


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    return Scene(ledger)
