"""Where pictures that go in are looked at, and where their addresses would lie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.picture_paths import FoundFile, read_file, too_large
from producer.picture_seen import Seen, Unseen
from schemas.picture_reference import BucketObject
from schemas.picture_way import PICTURE_LIMIT_BYTES, origin
from schemas.provider import PROVIDERS
from schemas.settings import Settings
from storage import BadKey, BadUrl, BucketMissing, Denied, NotFound, StorageError
from storage.configured import Buckets, storage_from

_Place = TypeVar("_Place", FoundFile, BucketObject)

_KEPT = 10_000
"""Pictures remembered, by file and by object; a few hundred bytes each."""
_ANY_KEY = "inputs/any"
_ANY_LIFETIME_S = 60.0
_HERE = "http://127.0.0.1"


class PicturesOutOfReach(ProducerError):
    """The storage that holds input pictures does not answer."""

    exit_code = ExitCode.UNREACHABLE


class PicturesDenied(ProducerError):
    """The storage that holds input pictures is not open to us, or its address is none."""

    exit_code = ExitCode.SETTINGS


class PicturePlaces:
    """Looks at local files and at objects of the user's own S3; fetches nothing else.

    What was looked at once is remembered: a file by its path, its time and its size.
    """

    def __init__(self, settings: Settings, account: str, *, simulated: bool = False) -> None:
        self._settings = settings
        self._account = account
        self._simulated = simulated
        self._buckets = Buckets(settings)
        self._files: dict[FoundFile, Seen | str] = {}
        self._objects: dict[BucketObject, Seen | str] = {}
        self._signed_at: dict[str, str | None] = {}

    def file(self, found: FoundFile) -> Seen:
        """A local file's picture. Raises ValueError saying what is wrong with it."""
        return _remembered(self._files, found, lambda: read_file(found))

    def object(self, place: BucketObject) -> Seen:
        """An object's picture. Raises ValueError; PicturesOutOfReach and PicturesDenied for all."""
        return _remembered(self._objects, place, lambda: self._read(place))

    def storage_signs_at(self) -> str | None:
        """The origin of the addresses the mill's storage signs; None: it is a directory."""

        def signed() -> str | None:
            with closing(storage_from(self._settings, max_connections=1)) as storage:
                return storage.presigned(_ANY_KEY, _ANY_LIFETIME_S)

        return self._origin("", signed)

    def bucket_signs_at(self, bucket: str) -> str | None:
        """The same of a bucket."""
        return self._origin(
            bucket, lambda: self._buckets.bucket(bucket).presigned(_ANY_KEY, _ANY_LIFETIME_S)
        )

    def provider_url(self, provider: str, account: str | None) -> str:
        """Where orders go; a rehearsal's stay on this machine.

        A row may name another account; whether that one's provider is nearer is not looked at.
        """
        if self._simulated:
            return _HERE
        try:
            found = self._settings.account(account or self._account, provider).base_url
        except KeyError:  # said elsewhere, once for the whole lane
            found = None
        return found or PROVIDERS[provider].base_url

    def close(self) -> None:
        """Close the connections."""
        self._buckets.close()

    def _read(self, place: BucketObject) -> bytes:
        try:
            with self._buckets.bucket(place.bucket).open(place.key) as stream:
                data = stream.read(PICTURE_LIMIT_BYTES + 1)
        except NotFound as error:
            raise ValueError("does not exist; check bucket and key") from error
        except BucketMissing as error:
            raise ValueError(f"does not exist: there is no bucket {place.bucket}") from error
        except (BadKey, BadUrl) as error:
            raise ValueError(f"cannot be used. {error}") from error
        except StorageError as error:
            raise _for_all(error) from error
        if len(data) > PICTURE_LIMIT_BYTES:
            raise too_large()
        return data

    def _origin(self, name: str, signed: Callable[[], str | None]) -> str | None:
        if name not in self._signed_at:
            try:
                url = signed()
            except StorageError as error:
                raise _for_all(error) from error
            self._signed_at[name] = None if url is None else origin(url)
        return self._signed_at[name]


def _remembered(known: dict[_Place, Seen | str], place: _Place, read: Callable[[], bytes]) -> Seen:
    found = known.get(place)
    if found is None:
        if len(known) >= _KEPT:
            known.clear()
        found = known[place] = _looked_at(read)
    if isinstance(found, str):
        raise Unseen(found)
    return found


def _looked_at(read: Callable[[], bytes]) -> Seen | str:
    from producer.picture_bytes import look  # noqa: PLC0415 - most manifests name no picture: they are spared loading Pillow

    try:
        return look(read())
    except ValueError as error:
        return str(error)


def _for_all(error: StorageError) -> ProducerError:
    """Not the row's fault: no other row could be checked either."""
    words = f"The input pictures could not be checked. {error}"
    return (
        PicturesDenied(words) if isinstance(error, Denied | BadUrl) else PicturesOutOfReach(words)
    )
