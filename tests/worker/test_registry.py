from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from schemas.account import Account
from schemas.catalogue import catalogue
from schemas.provider import PROVIDERS
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


def test_a_sub_accounts_workspace_goes_with_every_request() -> None:
    running = {"output": {"task_id": "t", "task_status": "RUNNING"}}
    with wire() as server:
        server.plays(answer(200, running), answer(200, running))
        account = Account(api_key=SecretStr("sk-sub"), base_url=f"{server.url}/api/v1")
        for workspace in ("llm-shop", None):
            own = account.model_copy(update={"workspace": workspace})
            client = open_provider("dashscope", own, 1, ProcessToken())
            client.poll("t")
            client.close()
        first, second = (heard.headers for heard in server.heard)
    assert first["X-DashScope-WorkSpace"] == "llm-shop"
    assert "X-DashScope-WorkSpace" not in second


def test_this_machine_serves_pictures_only_where_the_account_points_to_it() -> None:
    with wire() as server:
        server.plays(answer(200, b"picture"))
        near = open_fetcher("dashscope", Account(base_url=f"{server.url}/api/v1"), 2)
        far = open_fetcher("dashscope", Account(), 2)
        assert near.fetch(f"{server.url}/a.png") == Fetched(b"picture")
        assert isinstance(far.fetch(f"{server.url}/a.png"), FetchFailed)
        near.close()
        far.close()


def test_every_provider_the_settings_know_has_a_client() -> None:
    for name in PROVIDERS:
        open_provider(name, Account(provider=name), 1, ProcessToken()).close()
        open_fetcher(name, Account(provider=name), 1).close()


@pytest.mark.parametrize(
    ("provider", "base_url", "picture_host", "admitted"),
    [
        ("openai", None, "oaidalleapiprodscus.blob.core.windows.net", True),
        ("openai", None, "files.oaiusercontent.com", True),
        ("openai", None, "x.tos-cn-beijing.volces.com", False),
        ("openai", "https://ark.cn-beijing.volces.com/api/v3", "x.tos-cn-beijing.volces.com", True),
        ("openai", "https://ark.cn-beijing.volces.com/api/v3", "x.blob.core.windows.net", False),
        ("openai", "https://api.siliconflow.cn/v1", "sc-maas.oss-cn-shanghai.aliyuncs.com", True),
        ("openai", "https://api.siliconflow.cn/v1", "evil.oss-cn-shanghai.aliyuncs.com", False),
        ("openai", "http://gpu-box.lan:8000/v1", "x.blob.core.windows.net", False),
        ("openai", "http://gpu-box.lan:8000/v1", "cdn.example.com", True),
        ("qianfan-v2", None, "aigc-t2p.bj.bcebos.com", True),
        ("stability", None, "anywhere.example.org", False),
    ],
)
def test_pictures_lie_on_the_hosts_of_whoever_is_asked(
    provider: str, base_url: str | None, picture_host: str, *, admitted: bool
) -> None:
    """None of these names resolves here: an admitted one fails later, and otherwise."""
    account = Account(provider=provider, base_url=base_url, picture_hosts=(".example.com",))
    fetcher = open_fetcher(provider, account, 1)
    found = fetcher.fetch(f"https://{picture_host}:443/a.png")
    fetcher.close()
    assert isinstance(found, FetchFailed)
    assert ("not one of the provider's hosts" in found.reason) is not admitted


def test_the_server_itself_serves_pictures_where_the_settings_name_one() -> None:
    """By a name that is this machine's without saying so, as a neighbour's would be."""
    with wire() as server:
        server.plays(answer(200, b"picture"))
        port = urlsplit(server.url).port
        account = Account(provider="openai", base_url=f"http://0x7f000001:{port}/v1")
        fetcher = open_fetcher("openai", account, 1)
        assert fetcher.fetch(f"http://0x7f000001:{port}/files/a.png") == Fetched(b"picture")
        assert isinstance(
            fetcher.fetch(f"http://0x7f000001:{port - 1 if port else 1}/a.png"), FetchFailed
        )
        assert isinstance(fetcher.fetch(f"{server.url}/a.png"), FetchFailed)
        fetcher.close()
    assert len(server.heard) == 1


def test_an_unknown_provider_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownProvider, match="'acme'; known: dashscope"):
        open_provider("acme", Account(), 1, ProcessToken())


def test_a_bad_base_url_is_named() -> None:
    with pytest.raises(ValueError, match="base URL"):
        open_provider("dashscope", Account(base_url="nonsense"), 1, ProcessToken())
