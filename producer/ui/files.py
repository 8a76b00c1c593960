"""Hands out what people look at of a batch's folder: contact sheet, tables, pictures. Nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from schemas.layout import CONTACT_SHEET, FAILED_CSV, RESULTS_CSV, RESULTS_JSONL, batch_file
from storage import BadKey, NotFound, Storage, StoredObject, checked_key

_TABLES = (RESULTS_CSV, RESULTS_JSONL, FAILED_CSV)
_FOLDERS = ("images", "thumbnails", "renditions")
_DRAWN = frozenset({"image/png", "image/jpeg", "image/webp", "image/avif", "image/gif"})
"""Types a browser shows; an SVG may hold scripts, and everything else is for saving."""
_PART_BYTES = 256 * 1024
SHEET_POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
"""Beside the policy in the sheet itself, which admits its own script and style only."""
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def file_key(batch: str, path: str) -> str | None:
    """The object that is asked for; None for whatever is nobody's business here.

    Orders (`input/`) and batch.json stay where they are: the latter may name a webhook's address.
    """
    folder, slash, rest = path.partition("/")
    allowed = path in (CONTACT_SHEET, *_TABLES) or (folder in _FOLDERS and slash and rest)
    if not allowed or "/" in batch:
        return None
    try:
        return checked_key(batch_file(batch, path))
    except BadKey:
        return None


def served(storage: Storage, batch: str, path: str) -> Response | None:
    """A file, as it comes from the storage; None where there is none. Raises StorageError."""
    key = file_key(batch, path)
    if key is None:
        return None
    stored = storage.head(key)
    if stored is None:
        return None
    try:
        stream = storage.open(key)
    except NotFound:
        return None
    return StreamingResponse(_parts(stream), headers=headers_of(stored, path))


def headers_of(stored: StoredObject, path: str) -> dict[str, str]:
    """What a browser is told of a file."""
    headers = {"Content-Length": str(stored.size_bytes)}
    if path == CONTACT_SHEET:
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["Content-Security-Policy"] = SHEET_POLICY
        return headers
    headers["Content-Security-Policy"] = FILE_POLICY
    if stored.content_type in _DRAWN:
        headers["Content-Type"] = str(stored.content_type)
        headers["Cache-Control"] = "private, max-age=3600"
        return headers
    name = quote(path.rsplit("/", 1)[-1], safe="", errors="replace")
    headers["Content-Type"] = "application/octet-stream"
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return headers


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    with closing(stream):
        while part := stream.read(_PART_BYTES):
            yield part
