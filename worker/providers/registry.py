"""The providers we speak to, found by name.

A provider is a client beside this file (with what reads its answers) and one line in `_KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import httpx2

from schemas.clock import SystemClock
from schemas.settings import DASHSCOPE_BASE_URL, Account
from worker.connection import open_http
from worker.fetching import Fetcher
from worker.policy.hosts import PictureHosts, is_loopback_host
from worker.providers import dashscope
from worker.providers.port import Provider


class UnknownProvider(ValueError):
    """No client speaks to this provider; the message names those there are."""


class _Kind(NamedTuple):
    """One provider."""

    open: Callable[[str, str | None, httpx2.Client], Provider]
    base_url: str
    picture_suffixes: tuple[str, ...]


_KINDS = {
    "dashscope": _Kind(dashscope.DashScope, DASHSCOPE_BASE_URL, dashscope.PICTURE_SUFFIXES),
}


def open_provider(provider: str, account: Account, threads: int) -> Provider:
    """A client for one account, to be shared by `threads` threads and closed by the caller.

    Raises UnknownProvider, and ValueError when the account's base URL is no address. A missing key
    is no error here: every order will be refused with it, which stops the lane and says why.
    """
    kind = _kind(provider)
    key = account.api_key.get_secret_value() if account.api_key else None
    http = open_http(threads)
    try:
        return kind.open(account.base_url or kind.base_url, key, http)
    except ValueError:
        http.close()
        raise


def open_fetcher(provider: str, account: Account, threads: int) -> Fetcher:
    """What downloads that account's pictures, to be shared by `threads` threads and closed.

    It has a client of its own: a picture's host gets neither our connections to the provider nor
    its cookies.
    """
    kind = _kind(provider)
    host = httpx2.URL(account.base_url or kind.base_url).host
    hosts = PictureHosts(kind.picture_suffixes, loopback=is_loopback_host(host))
    return Fetcher(open_http(threads), hosts, SystemClock())


def _kind(provider: str) -> _Kind:
    try:
        return _KINDS[provider]
    except KeyError:
        raise UnknownProvider(
            f"unknown provider {provider!r}; known: {', '.join(_KINDS)}"
        ) from None
