from __future__ import annotations

import pytest
from pydantic import SecretStr

from schemas.account import Account
from schemas.catalogue import catalogue
from tests.shared_token import ProcessToken
from tests.worker.wire import answer, wire
from worker.fetching import Fetched, FetchFailed
from worker.providers.port import StillRunning
from worker.providers.registry import UnknownProvider, open_fetcher, open_provider


def test_every_provider_of_the_catalogue_has_a_client() -> None:
    for name in {model.provider for model in catalogue()}:
        open_provider(name, Account(), 1, ProcessToken()).close()
        open_fetcher(name, Account(), 1).close()


def test_an_account_is_asked_at_its_own_address_with_its_own_key() -> None:
    with wire() as server:
        server.plays(answer(200, {"output": {"task_id": "t", "task_status": "RUNNING"}}))
        account = Account(api_key=SecretStr("sk-own"), base_url=f"{server.url}/api/v1")
        client = open_provider("dashscope", account, 2, ProcessToken())
        assert client.poll("t") == StillRunning(queued=False)
        client.close()
        assert server.heard[0].headers["Authorization"] == "Bearer sk-own"


def test_this_machine_serves_pictures_only_where_the_account_points_to_it() -> None:
    with wire() as server:
        server.plays(answer(200, b"picture"))
        near = open_fetcher("dashscope", Account(base_url=f"{server.url}/api/v1"), 2)
        far = open_fetcher("dashscope", Account(), 2)
        assert near.fetch(f"{server.url}/a.png") == Fetched(b"picture")
        assert isinstance(far.fetch(f"{server.url}/a.png"), FetchFailed)
        near.close()
        far.close()


def test_an_unknown_provider_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownProvider, match="'acme'; known: dashscope"):
        open_provider("acme", Account(), 1, ProcessToken())


def test_a_bad_base_url_is_named() -> None:
    with pytest.raises(ValueError, match="base URL"):
        open_provider("dashscope", Account(base_url="nonsense"), 1, ProcessToken())
