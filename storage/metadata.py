"""Which metadata may travel beside an object: what every S3 server passes on unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping

from storage.errors import BadMetadata

# AWS counts keys and values together; other servers check nothing, so it is checked here.
METADATA_LIMIT_BYTES = 2048

# OSS refuses underscores, and servers change the case of what is not lower-case.
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Signatures trim outer spaces, and some servers drop empty values.
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")


def checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """A copy of `metadata`; raises BadMetadata on anything a server might drop, change or refuse.

    Keys are lower-case letters, digits and hyphens; values printable ASCII, not empty, without
    outer spaces; all together at most `METADATA_LIMIT_BYTES`.
    """
    checked = dict(metadata or {})
    for key, value in checked.items():
        if not _KEY.fullmatch(key):
            raise BadMetadata(
                f"The metadata key {key!r} is not made of lower-case letters, digits and "
                "hyphens: rename it."
            )
        if not _VALUE.fullmatch(value):
            raise BadMetadata(
                f"The metadata value of {key!r} is not plain printable ASCII: encode it or put it "
                "into the object."
            )
    size_bytes = sum(len(key) + len(value) for key, value in checked.items())
    if size_bytes > METADATA_LIMIT_BYTES:
        raise BadMetadata(
            f"The metadata has {size_bytes} bytes and {METADATA_LIMIT_BYTES} are allowed: put it "
            "into the object."
        )
    return checked
