"""Storages that fail when they are told to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from storage import LocalStorage, StoredObject, Unreachable


class StumblingStorage(LocalStorage):
    """A directory that is not reached for some of its writes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, fsync=False)
        self.written: list[str] = []
        self.down_for = ""
        """Writes to keys with this in them fail; empty: none do."""
        self.unseen = ""
        """Looks for keys with this in them fail; empty: none do."""
        self.dies_at: int | None = None
        """The write from which on nothing is reached any more, counted from 1."""

    def put(
        self, key: str, data: bytes, content_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        self._stumble(key)
        super().put(key, data, content_type, metadata=metadata)

    def head(self, key: str) -> StoredObject | None:
        if self.unseen and self.unseen in key:
            raise Unreachable("The storage does not answer.")
        return super().head(key)

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        self._stumble(key)
        super().put_file(key, path, content_type)

    def _stumble(self, key: str) -> None:
        self.written.append(key)
        dead = self.dies_at is not None and len(self.written) >= self.dies_at
        if dead or (self.down_for and self.down_for in key):
            raise Unreachable("The storage does not answer.")
