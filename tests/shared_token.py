"""An access token shared by the threads of one process: stands in for the ledger's."""

from __future__ import annotations

import threading


class ProcessToken:
    """Behaves as ledger.access_token.AccessToken does; its tokens do not run out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: str | None = None
        self._fetching = False

    def current(self) -> str | None:
        """The token in use; None: there is none yet."""
        return self._token

    def may_fetch(self, stale: str | None) -> bool:
        """Whether the caller is the one to fetch a token in place of `stale`."""
        with self._lock:
            if self._fetching or self._token != stale:
                return False
            self._fetching = True
            return True

    def renew(self, token: str, lifetime_s: float) -> None:  # noqa: ARG002 - tests are over before
        """All threads order with this token from now on."""
        with self._lock:
            self._token, self._fetching = token, False
