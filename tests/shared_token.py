"""An access token shared by the threads of one process: stands in for the ledger's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FETCHING_S = 20.0


class ProcessToken:
    """Behaves as ledger.access_token.AccessToken does; both pass the same tests."""

    def __init__(
        self,
        now_s: Callable[[], float] = time.monotonic,  # noqa: TID251 - a test may give another clock
    ) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._token: tuple[str, float] | None = None
        self._fetching_until_s = 0.0

    def current(self) -> str | None:
        """The token in use; None: there is none yet, or it has run out."""
        with self._lock:
            return self._current()

    def may_fetch(self, stale: str | None) -> bool:
        """Whether the caller is the one to fetch a token in place of `stale`."""
        with self._lock:
            if self._current() not in (None, stale) or self._now_s() < self._fetching_until_s:
                return False
            self._fetching_until_s = self._now_s() + FETCHING_S
            return True

    def renew(self, token: str, lifetime_s: float) -> None:
        """All threads order with this token from now on, until its lifetime ends."""
        with self._lock:
            self._token = (token, self._now_s() + lifetime_s)
            self._fetching_until_s = 0.0

    def give_up(self) -> None:
        """The fetching failed: another one may try at once."""
        with self._lock:
            self._fetching_until_s = 0.0

    def _current(self) -> str | None:
        if self._token is None or self._now_s() >= self._token[1]:
            return None
        return self._token[0]
