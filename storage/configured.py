"""The storage that the settings name."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr

from schemas.settings import Settings
from storage.errors import BadUrl
from storage.local import LocalStorage
from storage.opening import open_storage
from storage.port import Storage
from storage.s3_options import S3Options


def storage_from(settings: Settings, *, max_connections: int = 16) -> Storage:
    """Open it; nothing is touched yet.

    Raises BadUrl for an address that is none, and for a directory of this machine when the Redis
    server is another machine's: workers there would look for the pictures in vain.
    """
    options = S3Options(
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        access_key_id=_plain(settings.aws_access_key_id),
        secret_access_key=_plain(settings.aws_secret_access_key),
        session_token=_plain(settings.aws_session_token),
        max_connections=max_connections,
    )
    storage = open_storage(settings.storage_url, s3=options)
    if isinstance(storage, LocalStorage) and _remote(settings) and not settings.shared_storage:
        raise BadUrl(
            f"The storage {storage.url} is a directory of this machine, but the Redis server"
            " is not. Use s3://bucket/prefix, or set IMAGEMILL_SHARED_STORAGE=1 if every machine"
            " sees the same directory there."
        )
    return storage


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
