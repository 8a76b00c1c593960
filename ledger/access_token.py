"""An access token that all workers of a fleet share: fetched by one of them at a time."""

from __future__ import annotations

import redis

from ledger.errors import translated
from ledger.keys import access_token_keys
from ledger.scripts import Argument, Call, Scripts

FETCHING_S = 20.0
"""Whoever fetches a token is given so long before another may try."""


class AccessToken:
    """The access token of one provider's account. Every method raises LedgerError."""

    def __init__(self, client: redis.Redis, scripts: Scripts, provider: str, account: str) -> None:
        self._client = client
        self._scripts = scripts
        self._token, self._fetching = access_token_keys(provider, account)

    def current(self) -> str | None:
        """The token in use; None: there is none yet, or it has run out."""
        with translated():
            found = self._client.get(self._token)
        return None if found is None else str(found)

    def may_fetch(self, stale: str | None) -> bool:
        """Whether the caller is the one to fetch a token in place of `stale`.

        Whoever is told yes renews the token or gives up; if it does neither, another one may fetch
        after FETCHING_S.
        """
        keys = [self._token, self._fetching]
        args: list[Argument] = [stale or "", int(FETCHING_S * 1000)]
        return bool(self._scripts.run(Call("may_fetch_token", keys, args)))

    def renew(self, token: str, lifetime_s: float) -> None:
        """All workers order with this token from now on, until its lifetime ends."""
        pipe = self._client.pipeline(transaction=False)
        # The token first: whoever finds nobody fetching finds the new one.
        pipe.set(self._token, token, px=max(1, int(lifetime_s * 1000)))
        pipe.delete(self._fetching)
        with translated():
            pipe.execute()

    def give_up(self) -> None:
        """The fetching failed: another one may try at once."""
        with translated():
            self._client.delete(self._fetching)
