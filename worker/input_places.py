"""Where pictures that go in come from: the mill's storage, any bucket of its S3, and the web."""

from __future__ import annotations

import threading

from schemas.clock import SystemClock
from schemas.picture_reference import BucketObject, StoredPicture
from schemas.picture_way import PICTURE_LIMIT_BYTES
from schemas.settings import Settings
from storage import Storage
from storage.configured import Buckets
from worker.connection import open_http
from worker.fetching import Fetched, Fetcher, FetchFailed, FetchLimits
from worker.policy.hosts import PictureHosts

_FETCH_LIMITS = FetchLimits(size_bytes=PICTURE_LIMIT_BYTES, duration_s=60.0)


class AnyPublicHost(PictureHosts):
    """The user names the address, so no name is left out; what a name leads to must be public.

    This machine itself counts: that the provider is on it, too, whoever calls has seen to.
    """

    def admits(self, host: str) -> bool:  # noqa: ARG002 - whatever it is
        """Always."""
        return True


class InputPlaces:
    """Shared by many threads; connections are made when first needed."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._storage = storage
        self._threads = settings.worker.concurrency
        self._buckets = Buckets(settings, max_connections=self._threads)
        self._lock = threading.Lock()
        self._fetcher: Fetcher | None = None

    def find(self, place: BucketObject | StoredPicture) -> tuple[Storage, str]:
        """The storage that has an object, and its key there. Raises BadUrl for no bucket's name."""
        if isinstance(place, StoredPicture):
            return self._storage, place.key
        return self._buckets.bucket(place.bucket), place.key

    def fetch(self, url: str) -> Fetched | FetchFailed:
        """Download what the user wrote the address of, for a provider that takes no addresses."""
        with self._lock:
            if self._fetcher is None:
                http = open_http(self._threads)
                self._fetcher = Fetcher(
                    http, AnyPublicHost((), loopback=True), SystemClock(), _FETCH_LIMITS
                )
        return self._fetcher.fetch(url)

    def close(self) -> None:
        """Give back all connections."""
        self._buckets.close()
        with self._lock:
            if self._fetcher is not None:
                self._fetcher.close()
            self._fetcher = None
