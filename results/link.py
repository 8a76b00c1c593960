"""Ways from the contact sheet to what lies in storage."""

from __future__ import annotations

import base64
import posixpath
from urllib.parse import quote

from schemas.layout import CONTACT_SHEET, batch_file


def relative_path(key: str, batch: str) -> str:
    """Where an object lies, seen from the batch's contact sheet; reused images lie elsewhere."""
    return posixpath.relpath(key, posixpath.dirname(batch_file(batch, CONTACT_SHEET)))


def relative_link(key: str, batch: str) -> str:
    """The same as an address."""
    return quote(relative_path(key, batch), safe="/", errors="replace")


def embedded(thumbnail: bytes) -> str:
    """A thumbnail as an address that holds the picture itself."""
    return "data:image/jpeg;base64," + base64.b64encode(thumbnail).decode("ascii")
