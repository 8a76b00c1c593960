"""The clients of a process: one for each account, and a reason where there can be none."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from schemas.account import Account
from schemas.failure import ErrorClass
from schemas.lane import Lane
from schemas.settings import Settings
from tests.shared_token import ProcessToken
from worker.accounts import Accounts, ProviderUnavailable

WANX = Lane("dashscope", "wanx-v1", "default")
ASKS: list[Callable[[Accounts, Lane], object]] = [Accounts.client, Accounts.fetcher]


def accounts(**sections: Account) -> Accounts:
    return Accounts(Settings(accounts=sections), lambda _provider, _account: ProcessToken())


def account(**changes: object) -> Account:
    return Account(api_key=SecretStr("sk-1")).model_copy(update=changes)


def test_an_accounts_lanes_share_one_client() -> None:
    opened = accounts(default=account(), second=account())
    flux = Lane("dashscope", "flux-schnell", "default")
    other = Lane("dashscope", "wanx-v1", "second")
    assert opened.client(WANX) is opened.client(flux)
    assert opened.fetcher(WANX) is opened.fetcher(flux)
    assert opened.client(WANX) is not opened.client(other)
    opened.close()


def test_many_threads_make_one_client() -> None:
    opened = accounts(default=account())
    with ThreadPoolExecutor(16) as pool:
        clients = set(pool.map(lambda _: id(opened.client(WANX)), range(64)))
    opened.close()
    assert len(clients) == 1


@pytest.mark.parametrize("ask", ASKS, ids=["client", "fetcher"])
@pytest.mark.parametrize(
    ("opened", "lane", "code", "words"),
    [
        (accounts(default=account(api_key=None)), WANX, "no-key", "DASHSCOPE_API_KEY"),
        (accounts(default=account(api_key=SecretStr(""))), WANX, "no-key", "DASHSCOPE_API_KEY"),
        (accounts(), WANX._replace(account="shop"), "no-account", r"add \[accounts.shop\]"),
        (accounts(default=account(base_url="nonsense")), WANX, "no-client", "base URL"),
        (accounts(default=account(base_url="http://host:port/")), WANX, "no-client", "base URL"),
        (accounts(default=account()), WANX._replace(provider="acme"), "no-client", "acme"),
    ],
)
def test_what_cannot_be_opened_says_what_to_do(
    opened: Accounts, lane: Lane, code: str, words: str, ask: Callable[[Accounts, Lane], object]
) -> None:
    with pytest.raises(ProviderUnavailable, match=words) as caught:
        ask(opened, lane)
    failure = caught.value.failure
    assert (failure.error_class, failure.code) == (ErrorClass.ACCOUNT, code)
    assert "sk-1" not in failure.message


def test_closed_accounts_open_anew() -> None:
    opened = accounts(default=account())
    before = opened.client(WANX)
    opened.close()
    assert opened.client(WANX) is not before
    opened.close()
