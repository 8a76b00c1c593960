"""Puts a picture's file into storage, so that what is stored is what the result says."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from results.labels.sealing import Sealer
from schemas.result import Image, Rendition
from storage import Storage

Kept = TypeVar("Kept", Image, Rendition)


def keep(image: Kept, file: bytes, storage: Storage, sealer: Sealer | None) -> Kept:
    """Store the file of a picture, or of a rendition; what it is like in storage. Raises StorageError.

    A file is made the same again whoever makes it, so that storing it twice is harmless. Not so one
    that is signed: of two workers that store it the first one's file counts, for both.
    """
    if sealer is None or not image.sealed:
        storage.put(image.key, file, image.content_type)
        return image
    if storage.put_new(image.key, file, image.content_type):
        return image
    stored = storage.get(image.key)
    if not sealer.same(stored, file, image.content_type):
        storage.put(image.key, file, image.content_type)
        return image
    there = {"sha256": hashlib.sha256(stored).hexdigest(), "size_bytes": len(stored)}
    return image.model_copy(update=there)
