"""The provider clients of a process: one for each account, made when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from schemas.failure import ErrorClass, Failure
from schemas.lane import Lane
from schemas.provider import PROVIDERS
from schemas.settings import Settings
from worker.fetching import Fetcher
from worker.providers.port import Provider, SharedToken
from worker.providers.registry import open_fetcher, open_provider


class ProviderUnavailable(Exception):
    """No client can be made for a lane; `failure` says why, for people."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Accounts:
    """Finds the client of a lane; many threads ask at once."""

    def __init__(self, settings: Settings, token_of: Callable[[str, str], SharedToken]) -> None:
        """`token_of` finds the access token of a provider's account."""
        self._settings = settings
        self._token_of = token_of
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], tuple[Provider, Fetcher]] = {}

    def client(self, lane: Lane) -> Provider:
        """The client for a lane. Raises ProviderUnavailable when key or account are missing."""
        return self._pair(lane)[0]

    def fetcher(self, lane: Lane) -> Fetcher:
        """What downloads the lane's pictures."""
        return self._pair(lane)[1]

    def close(self) -> None:
        """Give back all connections."""
        with self._lock:
            for client, fetcher in self._clients.values():
                client.close()
                fetcher.close()
            self._clients.clear()

    def _pair(self, lane: Lane) -> tuple[Provider, Fetcher]:
        key = (lane.provider, lane.account)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._open(lane)
            return self._clients[key]

    def _open(self, lane: Lane) -> tuple[Provider, Fetcher]:
        if lane.provider not in PROVIDERS:
            raise _unavailable("no-client", f"no client speaks to {lane.provider!r}")
        try:
            account = self._settings.account(lane.account, lane.provider)
        except KeyError:
            raise _unavailable(
                "no-account",
                f"the worker's settings know no account {lane.account!r} at {lane.provider};"
                f' add [accounts.{lane.account}] with provider = "{lane.provider}"'
                " to imagemill.toml",
            ) from None
        if account.needs_key and not account.has_key:
            raise _unavailable(
                "no-key",
                f"the worker has no key for this account; set {PROVIDERS[lane.provider].key_variable}"
                " where it runs",
            )
        threads = self._settings.worker.concurrency
        try:
            token = self._token_of(lane.provider, lane.account)
            client = open_provider(lane.provider, account, threads, token)
            return client, open_fetcher(lane.provider, account, threads)
        except ValueError as error:
            raise _unavailable("no-client", str(error)) from error


def _unavailable(code: str, message: str) -> ProviderUnavailable:
    return ProviderUnavailable(Failure(error_class=ErrorClass.ACCOUNT, code=code, message=message))
