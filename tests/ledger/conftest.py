"""The shared ledger, emptied before and inspected after every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.opening import Ledger
from tests.ledger.leftovers import assert_keys_accounted_for
from tests.ledger.scene import Scene
from tests.ledger.slots import one_slot_ledger
from tests.valkey import Valkey, run_valkey


@pytest.fixture(scope="session")
def session_ledger(valkey: Valkey) -> Iterator[Ledger]:
    """Any call of two slots fails its test, although the shared server has none."""
    with one_slot_ledger(valkey.url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def ledger(session_ledger: Ledger) -> Iterator[Ledger]:
    session_ledger.client.flushall()
    yield session_ledger
    assert_keys_accounted_for(session_ledger)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Valkey]:
    """A server of the test's own, to be killed."""
    with run_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def scene(ledger: Ledger) -> Scene:
    return Scene(ledger)
