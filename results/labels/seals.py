"""C2PA manifests in a picture's file: whether there is one, and the file without it."""

from __future__ import annotations

from results.labels.packet import Unlabelled
from results.labels.writing import READERS

_WEBP = "image/webp"


def is_sealed(file: bytes, content_type: str) -> bool:
    """Whether it has a C2PA manifest, true or broken; False of what nobody can read."""
    try:
        return content_type in READERS and READERS[content_type](file).sealed
    except Unlabelled:
        return False


def without_seal(file: bytes, content_type: str) -> bytes:
    """The file without its C2PA manifest; itself where it has none. Raises Unlabelled."""
    if content_type not in READERS:
        return file
    place, parts = 0, []
    for start, end in READERS[content_type](file).seals:
        parts.append(file[place:start])
        place = end
    if not parts:
        return file
    rest = b"".join([*parts, file[place:]])
    if content_type == _WEBP:  # its header says how long all of it is
        return rest[:4] + (len(rest) - 8).to_bytes(4, "little") + rest[8:]
    return rest
