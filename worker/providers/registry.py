"""The providers we speak to, found by name.

A provider is a client beside this file (with what reads its answers), one line in `_KINDS`, and one
in schemas/provider.py: docs/adding-a-provider.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import httpx2

from schemas.account import Account
from schemas.clock import SystemClock
from schemas.network import is_loopback_host
from schemas.provider import PROVIDERS
from worker.connection import open_http
from worker.fetching import Fetcher
from worker.policy.classification import OPENAI, QIANFAN_V2
from worker.policy.hosts import OwnHost, PictureHosts
from worker.providers import dashscope, openai, qianfan, stability
from worker.providers.opening import Opening
from worker.providers.port import Provider, SharedToken
from worker.providers.qianfan_signature import KeyPair


class UnknownProvider(ValueError):
    """No client speaks to this provider; the message names those there are."""


class _Kind(NamedTuple):
    """One provider."""

    open: Callable[[Opening], Provider]
    picture_suffixes: tuple[str, ...] | Callable[[str], tuple[str, ...]]
    """Endings of the hosts its pictures lie on, or what finds them for the host that is asked."""


def _dashscope(opening: Opening) -> Provider:
    workspace = opening.account.workspace
    return dashscope.DashScope(opening.base_url, opening.key, opening.http, workspace)


def _qianfan(opening: Opening) -> Provider:
    account = opening.account
    secret = account.secret_key.get_secret_value() if account.secret_key else ""
    credentials = qianfan.Credentials(
        KeyPair(opening.key or "", secret), signs=account.auth == "signature"
    )
    return qianfan.Qianfan(
        opening.base_url, credentials, opening.http, opening.token, opening.clock
    )


def _stability(opening: Opening) -> Provider:
    return stability.Stability(opening.base_url, opening.key, opening.http)


def _openai(opening: Opening) -> Provider:
    return openai.OpenAIImages(opening.base_url, opening.key, OPENAI, opening.http, opening.clock)


def _qianfan_v2(opening: Opening) -> Provider:
    return openai.OpenAIImages(
        opening.base_url, opening.key, QIANFAN_V2, opening.http, opening.clock
    )


_KINDS = {
    "dashscope": _Kind(_dashscope, dashscope.PICTURE_SUFFIXES),
    "qianfan": _Kind(_qianfan, qianfan.PICTURE_SUFFIXES),
    "qianfan-v2": _Kind(_qianfan_v2, openai.QIANFAN_V2_PICTURE_SUFFIXES),
    "openai": _Kind(_openai, openai.picture_suffixes),
    "stability": _Kind(_stability, stability.PICTURE_SUFFIXES),
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
        return kind.open(Opening(base_url, account, http, token, SystemClock()))
    except ValueError:
        http.close()
        raise


def open_fetcher(provider: str, account: Account, threads: int) -> Fetcher:
    """What downloads that account's pictures, to be shared by `threads` threads and closed.

    It has a client of its own: a picture's host gets neither our connections to the provider nor
    its cookies.
    """
    hosts = _picture_hosts(_kind(provider), provider, account)
    return Fetcher(open_http(threads), hosts, SystemClock())


def _picture_hosts(kind: _Kind, provider: str, account: Account) -> PictureHosts:
    """The provider's, those the settings add, and the server itself, which may be a neighbour
    where the settings name another than the provider's own."""
    vendor = httpx2.URL(PROVIDERS[provider].base_url).host
    base = httpx2.URL(account.base_url or PROVIDERS[provider].base_url)
    suffixes = kind.picture_suffixes
    known = suffixes if isinstance(suffixes, tuple) else suffixes(base.host)
    name = base.host.strip("[]").lower()
    return PictureHosts(
        (*known, *account.picture_hosts),
        loopback=is_loopback_host(base.host),
        own=OwnHost(name, base.port, private=name != vendor),
    )


def _kind(provider: str) -> _Kind:
    try:
        return _KINDS[provider]
    except KeyError:
        raise UnknownProvider(
            f"unknown provider {provider!r}; known: {', '.join(_KINDS)}"
        ) from None
