"""The providers we speak to, found by name.

A provider is a client beside this file (with what reads its answers) and one line in `_KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import httpx2

from schemas.account import Account
from schemas.clock import SystemClock
from schemas.provider import PROVIDERS
from worker.connection import open_http
from worker.fetching import Fetcher
from worker.policy.hosts import PictureHosts, is_loopback_host
from worker.providers import dashscope
from worker.providers.port import Provider, SharedToken


class UnknownProvider(ValueError):
    """No client speaks to this provider; the message names those there are."""


class Opening(NamedTuple):
    """What a client is made of."""

    base_url: str
    account: Account
    http: httpx2.Client
    token: SharedToken


class _Kind(NamedTuple):
    """One provider."""

    open: Callable[[Opening], Provider]
    picture_suffixes: tuple[str, ...]


def _dashscope(opening: Opening) -> Provider:
    return dashscope.DashScope(opening.base_url, _key(opening.account), opening.http)


def _key(account: Account) -> str | None:
    return account.api_key.get_secret_value() if account.api_key else None


_KINDS = {
    "dashscope": _Kind(_dashscope, dashscope.PICTURE_SUFFIXES),
}


def open_provider(provider: str, account: Account, threads: int, token: SharedToken) -> Provider:
    """A client for one account, to be shared by `threads` threads and closed by the caller.

    Raises UnknownProvider, and ValueError when the account's base URL is no address. A missing key
    is no error here: every order will be refused with it, which stops the lane and says why.
    """
    kind = _kind(provider)
    base_url = account.base_url or PROVIDERS[provider].base_url
    http = open_http(threads)
    try:
        return kind.open(Opening(base_url, account, http, token))
    except ValueError:
        http.close()
        raise


def open_fetcher(provider: str, account: Account, threads: int) -> Fetcher:
    """What downloads that account's pictures, to be shared by `threads` threads and closed.

    It has a client of its own: a picture's host gets neither our connections to the provider nor
    its cookies.
    """
    kind = _kind(provider)
    host = httpx2.URL(account.base_url or PROVIDERS[provider].base_url).host
    hosts = PictureHosts(kind.picture_suffixes, loopback=is_loopback_host(host))
    return Fetcher(open_http(threads), hosts, SystemClock())


def _kind(provider: str) -> _Kind:
    try:
        return _KINDS[provider]
    except KeyError:
        raise UnknownProvider(
            f"unknown provider {provider!r}; known: {', '.join(_KINDS)}"
        ) from None
