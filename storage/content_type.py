"""Content types by a key's ending, for places that keep none."""

from __future__ import annotations

_BY_ENDING = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "csv": "text/csv",
    "gif": "image/gif",
    "gz": "application/gzip",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "webp": "image/webp",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def content_type_of(key: str) -> str | None:
    """The content type that a key's ending promises; None for an unknown one."""
    return _BY_ENDING.get(key.rpartition(".")[2].lower())
