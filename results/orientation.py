"""Which way up a picture is to be shown, as its Exif says (TIFF 6.0, section 2; Exif 2.32, 4.6.4 A)."""

from __future__ import annotations

import struct
from typing import NamedTuple

EXIF_START = b"Exif\0\0"
UPRIGHT = 1
_TAG, _SHORT = 0x0112, 3
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


class Orientation(NamedTuple):
    """What is said, and Exif that says the picture is upright; nothing else of it changes."""

    value: int
    """1 to 8."""
    upright: bytes


def orientation(exif: bytes) -> Orientation:
    """Raises ValueError for what is no Exif."""
    start = len(EXIF_START)
    order = _ORDERS.get(exif[start : start + 4])
    if order is None or not exif.startswith(EXIF_START):
        raise ValueError("no Exif")
    try:
        (place,) = struct.unpack_from(f"{order}I", exif, start + 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start + place)
        for number in range(count):
            entry = start + place + 2 + 12 * number
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if (tag, kind, values) == (_TAG, _SHORT, 1):
                patched = bytearray(exif)
                struct.pack_into(f"{order}H", patched, entry + 8, UPRIGHT)
                return Orientation(value if 1 <= value <= 8 else UPRIGHT, bytes(patched))
    except struct.error as error:
        raise ValueError("Exif that is cut off") from error
    return Orientation(UPRIGHT, exif)
