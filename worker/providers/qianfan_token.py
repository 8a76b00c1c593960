"""Baidu's access token: whoever needs one first fetches it, and everybody orders with it.

Source: Baidu Qianfan: access token; Stable-Diffusion-XL (30 days, in the order's address); the
vendor's SDK 0.4.12.3 (the errors of the token request).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

import httpx2

from ledger.errors import LedgerError
from schemas.clock import Clock
from schemas.failure import ErrorClass, Failure
from worker.providers.exchange import HEADERS, Answer, ask, clean, is_key, text
from worker.providers.port import NotSent, Refused, SharedToken, Unanswered
from worker.providers.qianfan_signature import KeyPair

PATH = "/oauth/2.0/token"
TIMEOUT = httpx2.Timeout(connect=5.0, read=8.0, write=3.0, pool=2.0)
"""In all less than a fetcher is given before another one may try."""
WAIT_S = 5.0
"""An order waits so long for a token somebody else fetches; its lease must not run out over it."""
LOOK_S = 0.1
LIFETIME_S = 30 * 24 * 3600.0
"""Where the answer names none, and the most that is believed."""
EARLIER_S = 300.0
"""A token is fetched anew before it ends: an order that has just left still needs it."""

_PASSING = frozenset({408, 425, 429})


class Token(NamedTuple):
    """A token, as Baidu spells it and as it is shared."""

    value: str
    shared: str

    def __repr__(self) -> str:
        """Never the token."""
        return "Token(...)"


@dataclass(frozen=True)
class _Fetched:
    value: str
    lifetime_s: float


class Tokens:
    """Finds the token to order with; many threads ask at once."""

    def __init__(
        self, base_url: str, keys: KeyPair, http: httpx2.Client, shared: SharedToken, clock: Clock
    ) -> None:
        self._base_url = base_url
        self._keys = keys
        self._http = http
        self._shared = shared
        self._clock = clock
        # Another application's token must not be used after its key was exchanged for a new one.
        self._mark = hashlib.sha256(keys.access.encode()).hexdigest()[:12] + ":"

    def find(self, refused: Token | None = None) -> Token | Refused | NotSent:
        """The token to order with; never `refused`, which the provider just did not take.

        Nothing is ordered by this, so that whatever goes wrong, the order was not sent.
        """
        try:
            return self._find(refused.shared if refused else None)
        except LedgerError as error:
            return NotSent(f"no access token: {error}")

    def _find(self, refused: str | None) -> Token | Refused | NotSent:
        deadline_s = self._clock.monotonic_s() + WAIT_S
        while True:
            shared = self._shared.current()
            if shared and shared != refused and shared.startswith(self._mark):
                return Token(shared.removeprefix(self._mark), shared)
            if self._shared.may_fetch(shared):
                return self._fetch()
            if self._clock.monotonic_s() >= deadline_s:
                return NotSent("no access token yet: somebody else is fetching one")
            self._clock.sleep(LOOK_S)

    def _fetch(self) -> Token | Refused | NotSent:
        found = _read(ask(self._http, self._request()), self._keys)
        if not isinstance(found, _Fetched):
            self._shared.give_up()
            return found
        token = Token(found.value, self._mark + found.value)
        self._shared.renew(token.shared, found.lifetime_s)
        return token

    def _request(self) -> httpx2.Request:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._keys.access,
            "client_secret": self._keys.secret,
        }
        return secret_target(
            self._http.build_request(
                "POST",
                f"{self._base_url}{PATH}",
                headers=HEADERS,
                timeout=TIMEOUT,
            ),
            asked,
        )


def secret_target(request: httpx2.Request, query: dict[str, str]) -> httpx2.Request:
    """The request with a query that only the wire sees: the HTTP client logs and quotes addresses."""
    target = f"{request.url.raw_path.decode('ascii')}?{urlencode(query)}"
    request.extensions["target"] = target.encode("ascii")
    return request


def _read(answer: Answer | NotSent | Unanswered, keys: KeyPair) -> _Fetched | Refused | NotSent:
    """A token was never paid for: without an answer it is as if nothing had been sent."""
    if isinstance(answer, NotSent):
        return NotSent(f"no access token: {answer.reason}")
    if isinstance(answer, Unanswered):
        return NotSent(f"no access token: {answer.reason}")
    value, error = text(answer.document, "access_token"), text(answer.document, "error")
    if answer.good and not error and is_key(value):
        return _Fetched(value, _lifetime_s(answer.document.get("expires_in")))
    status = answer.status
    if (answer.good and not error) or status >= 500 or status in _PASSING:
        return NotSent(f"no access token: the provider answered the request for one with {status}")
    words = clean(text(answer.document, "error_description"), tuple(keys))
    failure = Failure(
        error_class=ErrorClass.ACCOUNT,
        code=error or f"HTTP {status}",
        message=f"no access token: {words or 'the provider refuses the key'};"
        " check QIANFAN_AK and QIANFAN_SK",
    )
    return Refused(failure)


def _lifetime_s(told: object) -> float:
    """How long a token is used: it ends a little earlier here than at the provider."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 < told < LIFETIME_S:
        told = LIFETIME_S
    return max(told - EARLIER_S, told / 2)
