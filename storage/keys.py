"""Which keys may name an object: those that every file system and bucket keeps as they are."""

from __future__ import annotations

import re
import unicodedata

from storage.errors import BadKey

KEY_LIMIT_BYTES = 1024
SEGMENT_LIMIT_BYTES = 255

# Unfinished local files carry it, so no key may.
TEMPORARY_PREFIX = ".unfinished-"

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


def checked_key(key: str) -> str:
    """`key` itself; raises BadKey when some place would refuse it or keep it under another name.

    Servers differ on all of these (one collapses `a//b`, one accepts `a/../b`), so both adapters
    refuse them alike. Limits count UTF-8 bytes.
    """
    fault = _fault(key)
    if fault is not None:
        raise BadKey(f"The key {_shown(key)} cannot name an object: {fault}.")
    return key


def checked_prefix(prefix: str) -> str:
    """`prefix` itself; raises BadKey when no key could begin with it. The empty one lists all."""
    if prefix:
        checked_key(prefix.removesuffix("/"))
    return prefix


def is_key(key: str) -> bool:
    """Whether `checked_key` accepts it."""
    return _fault(key) is None


def _fault(key: str) -> str | None:
    if not key:
        return "it is empty"
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if len(encoded) > KEY_LIMIT_BYTES:
        return f"it has {len(encoded)} bytes and {KEY_LIMIT_BYTES} are allowed"
    if _FORBIDDEN.search(key):
        return "control characters and backslashes are not allowed"
    if not unicodedata.is_normalized("NFC", key):
        return "it is not in Unicode normal form NFC"
    faults = (_segment_fault(segment) for segment in key.split("/"))
    return next((fault for fault in faults if fault is not None), None)


def _segment_fault(segment: str) -> str | None:
    if segment in {"", ".", ".."}:
        return "it may not begin or end with '/' nor hold '//', '/./' or '/../'"
    if len(segment) * 4 > SEGMENT_LIMIT_BYTES and len(segment.encode()) > SEGMENT_LIMIT_BYTES:
        return f"a part between slashes is longer than {SEGMENT_LIMIT_BYTES} bytes"
    if segment.startswith(TEMPORARY_PREFIX):
        return f"names that begin with {TEMPORARY_PREFIX!r} are for unfinished files"
    return None


def _shown(key: str) -> str:
    return repr(key) if len(key) <= 80 else f"{key[:80]!r}..."
