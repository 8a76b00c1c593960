"""Pictures inside requests and answers: base64, and data URIs."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataUri:
    """What a data URI holds."""

    content_type: str
    data: bytes = field(repr=False)


def decoded(text: object) -> bytes | None:
    """The bytes of strict base64; None: it is none, or there is nothing in it."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def read_data_uri(address: str) -> DataUri | None:
    """What `data:image/png;base64,...` holds; None: it is another address, or no base64."""
    head, comma, payload = address.partition(",")
    scheme, _, described = head.partition(":")
    content_type, _, encoding = described.partition(";")
    if not comma or scheme.lower() != "data" or encoding.lower() != "base64":
        return None
    data = decoded(payload)
    return DataUri(content_type.lower(), data) if data and content_type else None
