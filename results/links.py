"""Addresses at which people without any key of ours fetch pictures, for some days."""

from __future__ import annotations

from storage.port import Storage

_SESSION_TOKEN = "x-amz-security-token="  # noqa: S105 - the name of a parameter of a signed address
"""In an address that temporary credentials signed (AWS: query string authentication)."""


class NoAddresses(Exception):
    """The pictures lie where nobody elsewhere can fetch them: in a directory."""


class Links:
    """Signs addresses of stored objects."""

    def __init__(self, storage: Storage, lifetime_s: float) -> None:
        self._storage = storage
        self._lifetime_s = lifetime_s
        self.temporary = False
        """Whether an address may end before its time, together with the credentials that signed it."""

    def address(self, key: str) -> str:
        """Where to fetch the object. Raises NoAddresses, StorageError."""
        url = self._storage.presigned(key, self._lifetime_s)
        if url is None:
            raise NoAddresses
        self.temporary = self.temporary or _SESSION_TOKEN in url.lower()
        return url
