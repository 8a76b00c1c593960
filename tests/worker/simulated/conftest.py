"""DashScope's client and the simulator it speaks to: a real process, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from schemas.account import Account
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from worker.fetching import Fetcher
from worker.providers.port import Provider
from worker.providers.registry import open_fetcher, open_provider


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    options = ("--rate", "50", "--query-rate", "2000", "--seed", "5")
    started = RunningSimulator(*options, "--generation-s", "0.05")
    yield started
    started.stop()


@pytest.fixture
def account(simulator: RunningSimulator) -> Account:
    return Account(api_key=SecretStr("sk-test"), base_url=f"{simulator.url}/api/v1")


@pytest.fixture
def client(account: Account) -> Iterator[Provider]:
    opened = open_provider("dashscope", account, 4, ProcessToken())
    yield opened
    opened.close()


@pytest.fixture
def fetcher(account: Account) -> Iterator[Fetcher]:
    opened = open_fetcher("dashscope", account, 4)
    yield opened
    opened.close()
