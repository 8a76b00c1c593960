"""Local pictures on their way into storage: each content once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.picture_seen import Seen
from schemas.picture_way import PICTURE_LIMIT_BYTES
from storage import Storage

UPLOADS_AT_ONCE = 8
"""Each holds one picture, of at most PICTURE_LIMIT_BYTES."""


class PictureChanged(ProducerError):
    """A local picture is not what it was when its row was checked."""

    exit_code = ExitCode.MANIFEST


class LocalPicture(NamedTuple):
    """A file, and what was seen in it."""

    path: Path
    seen: Seen


def upload(pictures: Mapping[str, LocalPicture], storage: Storage) -> None:
    """Put each picture under its key, unless it is there already.

    Raises StorageError, PictureChanged.
    """

    def put(entry: tuple[str, LocalPicture]) -> None:
        key, picture = entry
        there = storage.head(key)
        if there is None or there.size_bytes != picture.seen.size_bytes:
            # Never `put_new`: whatever else lies there is not this picture.
            storage.put(key, _unchanged(picture), picture.seen.content_type)

    if not pictures:
        return
    # Each waits for a disk or a server, so several at once.
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
        for _ in threads.map(put, pictures.items()):
            pass


def _unchanged(picture: LocalPicture) -> bytes:
    try:
        with picture.path.open("rb") as file:
            data = file.read(PICTURE_LIMIT_BYTES + 1)
    except OSError as error:
        raise _changed(picture) from error
    if hashlib.sha256(data).hexdigest() != picture.seen.sha256:
        raise _changed(picture)
    return data


def _changed(picture: LocalPicture) -> PictureChanged:
    return PictureChanged(
        f"{picture.path} was changed or removed while the manifest was checked. Nothing was"
        " ordered; run the same command again."
    )
