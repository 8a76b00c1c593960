"""An access token that all workers of a fleet share: fetched by one of them at a time."""

from __future__ import annotations

import redis

from ledger.errors import translated
from ledger.keys import access_token_keys

FETCHING_S = 20.0
"""Whoever fetches a token is given so long before another may try."""


class AccessToken:
    """The access token of one provider's account."""

    def __init__(self, client: redis.Redis, provider: str, account: str) -> None:
        self._client = client
        self._token, self._fetching = access_token_keys(provider, account)

    def current(self) -> str | None:
        """The token in use; None: there is none yet, or it has run out."""
        with translated():
            found = self._client.get(self._token)
        return None if found is None else str(found)

    def may_fetch(self, stale: str | None) -> bool:
        """Whether the caller is the one to fetch a token in place of `stale`."""
        if self.current() != stale:
            return False
        with translated():
            return bool(self._client.set(self._fetching, 1, nx=True, px=int(FETCHING_S * 1000)))

    def renew(self, token: str, lifetime_s: float) -> None:
        """All workers order with this token from now on, until its lifetime ends."""
        with translated():
            self._client.set(self._token, token, px=max(1, int(lifetime_s * 1000)))
            self._client.delete(self._fetching)
