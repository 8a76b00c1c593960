"""Brings a manifest to this machine from wherever it lies, with limits."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from producer.errors import ManifestError, ProducerError
from producer.exit_codes import ExitCode
from producer.web_manifest import SIZE_LIMIT_BYTES, ManifestHosts, NotThere, OutOfReach, WebReader
from schemas.clock import Clock
from schemas.manifest_place import (
    BucketManifest,
    ManifestPlace,
    StoredManifest,
    WebManifest,
    is_remote,
    read_place,
)
from schemas.settings import Settings
from storage import BadKey, BadUrl, BucketMissing, Denied, NotFound, Storage, StorageError
from storage.configured import Buckets, storage_from

UNPACKED_LIMIT_BYTES = 8 * 1024 * 1024 * 1024
"""Of a packed manifest: a few kilobytes can hold more than any disk."""
_BLOCK_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"


class NotOpenToUs(ProducerError):
    """What holds a manifest refuses us."""

    exit_code = ExitCode.SETTINGS


@contextmanager
def fetched(source: str, settings: Settings, clock: Clock) -> Iterator[str]:
    """A manifest's path on this machine: `source` itself, or a copy that goes with the block.

    Raises NotThere, OutOfReach, NotOpenToUs, ManifestError.
    """
    if not is_remote(source):
        yield source
        return
    place = read_place(source)
    with tempfile.TemporaryDirectory(prefix="imagemill-") as folder:
        path = Path(folder) / place.name
        _bring(place, path, settings, clock)
        _check_unpacked(path, place.shown)
        yield str(path)


def _bring(place: ManifestPlace, path: Path, settings: Settings, clock: Clock) -> None:
    match place:
        case WebManifest(url):
            hosts = ManifestHosts(settings.manifests.own_hosts)
            with closing(WebReader(hosts, clock)) as reader:
                reader.read(url, path)
        case BucketManifest(bucket, key):
            with closing(Buckets(settings, max_connections=1)) as buckets:
                try:
                    storage = buckets.bucket(bucket)
                except BadUrl as error:
                    raise ManifestError(f"{place.shown}: {error}") from error
                _copy(storage, key, path, place)
        case StoredManifest(key):
            with closing(storage_from(settings, max_connections=1)) as storage:
                _copy(storage, key, path, place)


def _copy(storage: Storage, key: str, path: Path, place: ManifestPlace) -> None:
    try:
        with storage.open(key) as stream, path.open("wb") as file:
            _pass_on(stream, file, place.shown)
    except (NotFound, BucketMissing) as error:
        raise NotThere(f"{place.shown} does not exist; check bucket and key") from error
    except BadKey as error:
        raise ManifestError(f"{place.shown}: {error}") from error
    except Denied as error:
        raise NotOpenToUs(f"{place.shown} may not be read. {error}") from error
    except StorageError as error:
        raise OutOfReach(f"{place.shown} cannot be read. {error}") from error


def _pass_on(stream: BinaryIO, file: BinaryIO, shown: str) -> None:
    size_bytes = 0
    while block := stream.read(_BLOCK_BYTES):
        size_bytes += len(block)
        if size_bytes > SIZE_LIMIT_BYTES:
            raise ManifestError(f"{shown} has more than {SIZE_LIMIT_BYTES:,} bytes")
        file.write(block)


def _check_unpacked(path: Path, shown: str, limit_bytes: int = UNPACKED_LIMIT_BYTES) -> None:
    """Raises ManifestError for what would fill the disk; other damage is told by whoever reads."""
    with path.open("rb") as raw:
        if raw.read(2) != _GZIP:
            return
    size_bytes = 0
    try:
        with gzip.open(path) as unpacked:
            while block := unpacked.read(_BLOCK_BYTES):
                size_bytes += len(block)
                if size_bytes > limit_bytes:
                    raise ManifestError(f"{shown} unpacks to more than {limit_bytes:,} bytes")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return
