"""The storage that the settings name."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from schemas.settings import Settings
from storage.errors import BadUrl
from storage.local import LocalStorage
from storage.opening import checked_bucket, open_storage
from storage.port import Storage
from storage.s3_options import S3Options

if TYPE_CHECKING:
    from storage.s3 import S3Storage


def storage_from(settings: Settings, *, max_connections: int = 16) -> Storage:
    """Open it; nothing is touched yet.

    Raises BadUrl for an address that is none, and for a directory of this machine when the Redis
    server is another machine's: workers there would look for the pictures in vain.
    """
    storage = open_storage(settings.storage_url, s3=_options(settings, max_connections))
    if isinstance(storage, LocalStorage) and _remote(settings) and not settings.shared_storage:
        raise BadUrl(
            f"The storage {storage.url} is a directory of this machine, but the Redis server"
            " is not. Use s3://bucket/prefix, or set IMAGEMILL_SHARED_STORAGE=1 if every machine"
            " sees the same directory there."
        )
    return storage


class Buckets:
    """Any bucket behind the endpoint and with the credentials of the settings; for many threads.

    There is one client for all of them, made when the first is asked for: a mill whose pictures go
    into a directory may have its input pictures in buckets.
    """

    def __init__(self, settings: Settings, *, max_connections: int = 16) -> None:
        self._settings = settings
        self._max_connections = max_connections
        self._lock = threading.Lock()
        self._first: S3Storage | None = None

    def bucket(self, name: str) -> Storage:
        """A whole bucket, not to be closed by itself. Raises BadUrl for a name that is none."""
        checked_bucket(name)
        with self._lock:
            if self._first is None:
                self._first = self._opened(name)
            return self._first.beside(name)

    def close(self) -> None:
        """Close the connections, if there are any."""
        with self._lock:
            if self._first is not None:
                self._first.close()
            self._first = None

    def _opened(self, name: str) -> S3Storage:
        from storage.s3 import S3Storage  # noqa: PLC0415 - loading boto3 takes 0.1 s, which a mill without buckets is spared

        return S3Storage(name, "", _options(self._settings, self._max_connections))


def _options(settings: Settings, max_connections: int) -> S3Options:
    return S3Options(
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        access_key_id=_plain(settings.aws_access_key_id),
        secret_access_key=_plain(settings.aws_secret_access_key),
        session_token=_plain(settings.aws_session_token),
        max_connections=max_connections,
    )


def _remote(settings: Settings) -> bool:
    if settings.redis_url is None:
        return False
    try:
        parts = urlsplit(settings.redis_url.get_secret_value())
    except ValueError:  # it may quote the password; whoever connects says what is wrong
        return False
    local = parts.scheme == "unix" or parts.hostname in {None, "localhost", "::1"}
    return not local and not str(parts.hostname).startswith("127.")


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
