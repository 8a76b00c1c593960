"""What stands in a job for a picture that goes in, and what each sort of it means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.layout import is_input_picture

_WEB = re.compile(r"https?://", re.IGNORECASE)
_OBJECT = re.compile(r"s3://([^/]+)/(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """Anybody can fetch it."""

    url: str


@dataclass(frozen=True, slots=True)
class BucketObject:
    """An object of a bucket that the storage's own credentials open."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A local file as it was uploaded: a key of the mill's storage, named after its content."""

    key: str


Reference = PublicUrl | BucketObject | StoredPicture


def read_reference(text: str) -> Reference | None:
    """What a text refers to; None: to nothing that is known."""
    if _WEB.match(text):
        return PublicUrl(text)
    found = _OBJECT.fullmatch(text)
    if found is not None:
        return BucketObject(found[1], found[2])
    return StoredPicture(text) if is_input_picture(text) else None
