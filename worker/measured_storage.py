"""A storage whose reads and writes are timed, and whose failures are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

from schemas.clock import Clock
from storage import NotFound, Storage, StorageError, StorageProbe, StoredObject
from worker import figures
from worker.metrics import Metrics

Some = TypeVar("Some")


class MeasuredStorage:
    """The same storage."""

    def __init__(self, storage: Storage, metrics: Metrics, clock: Clock) -> None:
        self._storage = storage
        self._metrics = metrics
        self._clock = clock
        for operation in ("put", "get", "head", "delete"):
            metrics.count(figures.STORAGE_ERRORS, operation, by=0)  # what begins at 1 never rose

    @property
    def url(self) -> str:
        """The place as an address, without secrets."""
        return self._storage.url

    def put(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Write an object."""
        return self._timed(
            "put", lambda: self._storage.put(key, data, content_type, metadata=metadata)
        )

    def put_new(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Write an object unless its key is taken; whether it was written."""
        return self._timed(
            "put", lambda: self._storage.put_new(key, data, content_type, metadata=metadata)
        )

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Write a local file's content."""
        return self._timed("put", lambda: self._storage.put_file(key, path, content_type))

    def get(self, key: str) -> bytes:
        """A whole object. Raises NotFound."""
        return self._timed("get", lambda: self._storage.get(key))

    def open(self, key: str) -> BinaryIO:
        """An object as a stream. Raises NotFound."""
        return self._timed("get", lambda: self._storage.open(key))

    def head(self, key: str) -> StoredObject | None:
        """What is known of an object; None when there is none."""
        return self._timed("head", lambda: self._storage.head(key))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose keys begin with `prefix`, read as they are asked for."""
        return self._storage.list(prefix)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        return self._timed("delete", lambda: self._storage.delete(key))

    def location(self, key: str) -> str:
        """Where an object lies, for people."""
        return self._storage.location(key)

    def presigned(self, key: str, lifetime_s: float) -> str | None:
        """An address at which whoever has it can GET the object for so long."""
        return self._storage.presigned(key, lifetime_s)

    def check(self) -> None:
        """Return if the place can be used; raise what is wrong with it otherwise."""
        self._storage.check()

    def probe(self) -> StorageProbe:
        """Write, read, compare and delete a small object."""
        return self._storage.probe()

    def close(self) -> None:
        """Let go of connections."""
        self._storage.close()

    def _timed(self, operation: str, act: Callable[[], Some]) -> Some:
        began_s = self._clock.monotonic_s()
        try:
            return act()
        except NotFound:
            raise  # an answer
        except StorageError:
            self._metrics.count(figures.STORAGE_ERRORS, operation)
            raise
        finally:
            elapsed_s = self._clock.monotonic_s() - began_s
            self._metrics.took(figures.STORAGE_SECONDS, operation, elapsed_s=elapsed_s)
