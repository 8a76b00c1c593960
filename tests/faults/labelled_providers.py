"""Providers and picture hosts as a worker under test sees them: requests pass labelled points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import httpx2

from schemas.clock import SystemClock
from schemas.lane import Lane
from tests.faults.points import Point
from tests.faults.tripwire import Tripwire
from worker.connection import open_http
from worker.fetching import Fetched, Fetcher, FetchFailed
from worker.policy.hosts import PictureHosts
from worker.providers.port import Provider
from worker.tools import Providers


class LabelledProviders:
    """The same clients; one fetcher for all lanes, for pictures of this machine."""

    def __init__(self, providers: Providers, threads: int, tripwire: Tripwire) -> None:
        self._providers = providers
        self._tripwire = tripwire
        self._fetcher = LabelledFetcher(threads, tripwire)

    def client(self, lane: Lane) -> Provider:
        return cast(Provider, _LabelledProvider(self._providers.client(lane), self._tripwire))

    def fetcher(self, lane: Lane) -> Fetcher:  # noqa: ARG002 - one for all lanes
        return self._fetcher


class _LabelledProvider:
    """Passes everything on."""

    def __init__(self, provider: Provider, tripwire: Tripwire) -> None:
        self._provider = provider
        self._tripwire = tripwire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def submit(self, *order: Any, **options: Any) -> Any:
        self._tripwire.pass_job(Point.MARKED)
        answer = self._provider.submit(*order, **options)
        self._tripwire.pass_job(Point.SENT)
        return answer

    def poll(self, ticket: str) -> Any:
        self._tripwire.pass_job(Point.UNPOLLED)
        return self._provider.poll(ticket)

    def list_tasks(self, *asked: Any, **options: Any) -> Any:
        answer = self._provider.list_tasks(*asked, **options)
        self._tripwire.pass_job(Point.LISTED)
        return answer


class LabelledFetcher(Fetcher):
    """Downloads pictures, and can be struck in the middle of one."""

    def __init__(self, threads: int, tripwire: Tripwire) -> None:
        http = open_http(threads)
        http.event_hooks = {"response": [self._label]}
        super().__init__(http, PictureHosts((), loopback=True), SystemClock())
        self._tripwire = tripwire

    def fetch(self, url: str) -> Fetched | FetchFailed:
        self._tripwire.pass_job(Point.UNFETCHED)
        return super().fetch(url)

    def _label(self, response: httpx2.Response) -> None:
        size_bytes = int(response.headers.get("content-length", 0))
        stream = cast(httpx2.SyncByteStream, response.stream)
        response.stream = _LabelledStream(stream, size_bytes, self._tripwire)


class _LabelledStream(httpx2.SyncByteStream):
    """A body on its way."""

    def __init__(self, stream: httpx2.SyncByteStream, size_bytes: int, tripwire: Tripwire) -> None:
        self._stream = stream
        self._size_bytes = size_bytes
        self._tripwire = tripwire

    def __iter__(self) -> Iterator[bytes]:
        for number, part in enumerate(self._stream):
            yield part
            if number == 0 and len(part) < self._size_bytes:
                self._tripwire.pass_job(Point.HALF_FETCHED)

    def close(self) -> None:
        self._stream.close()
