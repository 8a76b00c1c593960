"""What a picture's file says that goes along into files made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from results.labels.container import says_aigc
from results.labels.marks import TC260, Property
from results.labels.packet import Unlabelled, extended, new_packet
from results.labels.writing import read_metadata
from results.orientation import EXIF_START

MOST_XMP_BYTES = 65_504
"""In a JPEG's one segment; others hold more."""
MOST_EXIF_BYTES = 65_533
"""Likewise, with its beginning."""


class Carried(NamedTuple):
    """Metadata as they are put into another file."""

    packet: bytes | None
    """XMP: our labels are in it, and what its provider wrote."""
    exif: bytes | None
    unlabelled: str = ""
    """Why labels stay behind, where they do."""


def carried(file: bytes, content_type: str, info: Mapping[Any, Any]) -> Carried:
    """What goes along of a picture's metadata; `info` is what Pillow read of it.

    A C2PA manifest does not: its hash is that of the very file. Nor do a PNG's texts and a JPEG's
    comment, unless such a text is the AIGC label, which is written into the XMP then.
    """
    exif = _exif(info)
    try:
        container = read_metadata(file, content_type)
        packet = container.packet
        if container.aigc_elsewhere and not (exif and says_aigc(exif)):
            packet = _with_aigc(packet, info.get("AIGC"))
    except Unlabelled as error:
        return Carried(None, exif, str(error))
    return Carried(packet, exif)


def fitting(found: Carried, *, jpeg: bool) -> Carried:
    """As much of it as the form has room for."""
    if not jpeg:
        return found
    if found.packet is not None and len(found.packet) > MOST_XMP_BYTES:
        why_not = f"a JPEG has no room for {len(found.packet):,} bytes of XMP"
        found = found._replace(packet=None, unlabelled=why_not)
    if found.exif is not None and len(found.exif) > MOST_EXIF_BYTES:
        if says_aigc(found.exif):
            found = found._replace(
                unlabelled="a JPEG has no room for its Exif, which holds a label"
            )
        found = found._replace(exif=None)
    return found


def _exif(info: Mapping[Any, Any]) -> bytes | None:
    exif = info.get("exif")
    if not isinstance(exif, bytes) or not exif.removeprefix(EXIF_START):
        return None
    return EXIF_START + exif.removeprefix(EXIF_START)


def _with_aigc(packet: bytes | None, said: object) -> bytes:
    """The packet with the label that a text of the PNG is. Raises Unlabelled."""
    if not isinstance(said, str) or not said:
        raise Unlabelled("its AIGC label is where only its own form has a place for it")
    label = [Property(TC260, "TC260", "AIGC", str(said))]
    return new_packet(label) if packet is None else extended(packet, label)
