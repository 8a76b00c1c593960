"""What holds for all tests, and the server that most of them share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from ledger.opening import Ledger, open_ledger
from tests.browser.chromium import run_chromium
from tests.receiver import Receiver, receiving
from tests.valkey import Valkey, run_valkey

# A developer's own keys and servers must not reach a test: each sets what it needs.
for _name in list(os.environ):  # noqa: TID251 - the tests' own environment
    if _name.startswith(("IMAGEMILL_", "DASHSCOPE_", "QIANFAN_", "STABILITY_", "OPENAI_", "AWS_")):
        del os.environ[_name]  # noqa: TID251 - likewise

# A busy machine is no fault; whoever hunts for one asks for more: --hypothesis-profile=default.
settings.register_profile("suite", max_examples=30, deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real server for each test process; tests in which it dies start one of their own."""
    with run_valkey(tmp_path_factory.mktemp("valkey"), fsync="no") as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for each test process: playwright cannot be begun twice in a thread."""
    with run_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def session_ledger(valkey: Valkey) -> Iterator[Ledger]:
    """The ledger on that server, with what earlier tests left in it."""
    opened = open_ledger(valkey.url, threads=24)
    yield opened
    opened.close()


@pytest.fixture
def ledger(session_ledger: Ledger) -> Ledger:
    """The ledger, empty."""
    session_ledger.client.flushall()
    return session_ledger


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Whom a mill may tell."""
    with receiving() as opened:
        yield opened
