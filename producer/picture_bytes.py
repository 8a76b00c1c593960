"""What a picture that goes in is, by its own bytes."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from producer.picture_seen import Seen, Unseen
from results.picture import FAULTS, MAX_PIXELS, NotAPicture, inspect

_NAMES = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/svg+xml": "SVG",
}


@dataclass(frozen=True)
class _Other:
    """A format that providers take and never answer with."""

    name: str
    content_type: str
    extension: str
    reader: type[ImageFile.ImageFile]


_OTHERS = {
    b"BM": _Other("BMP", "image/bmp", "bmp", BmpImageFile),
    b"GIF87a": _Other("GIF", "image/gif", "gif", GifImageFile),
    b"GIF89a": _Other("GIF", "image/gif", "gif", GifImageFile),
    b"II*\0": _Other("TIFF", "image/tiff", "tiff", TiffImageFile),
    b"MM\0*": _Other("TIFF", "image/tiff", "tiff", TiffImageFile),
}
_UNREAD = {b"heic": "HEIF", b"heix": "HEIF", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF"}


def look(data: bytes) -> Seen:
    """The picture, once every pixel was decoded. Raises Unseen."""
    sha256 = hashlib.sha256(data).hexdigest()
    brand = _UNREAD.get(data[8:12]) if data[4:8] == b"ftyp" else None
    if brand is not None:
        raise Unseen(
            f"is {brand}, which cannot be looked at here; make it JPEG or PNG, or write a public URL"
        )
    for magic, other in _OTHERS.items():
        if data.startswith(magic):
            return _look_at_other(data, other, sha256)
    try:
        facts = inspect(data)
    except NotAPicture as error:
        raise Unseen(f"is no picture: {error}") from error
    name = _NAMES[facts.content_type]
    four, transparent = _alpha(data, name)
    return Seen(
        sha256,
        len(data),
        name,
        facts.content_type,
        facts.extension,
        facts.width,
        facts.height,
        four,
        transparent,
    )


def _look_at_other(data: bytes, other: _Other, sha256: str) -> Seen:
    try:
        with other.reader(io.BytesIO(data)) as image:
            width, height = image.size
            four, transparent = image.mode == "RGBA", image.has_transparency_data
            if width * height <= MAX_PIXELS:
                image.load()
    except FAULTS as error:
        raise Unseen(f"is no picture: a damaged {other.name}: {error}") from error
    if width * height > MAX_PIXELS:
        raise Unseen(f"is no picture: {width} x {height} pixels, more than {MAX_PIXELS:,} in all")
    return Seen(
        sha256,
        len(data),
        other.name,
        other.content_type,
        other.extension,
        width,
        height,
        four,
        transparent,
    )


def _alpha(data: bytes, name: str) -> tuple[bool, bool]:
    """Whether there are four channels, and whether there is transparency, by the header alone."""
    if name == "PNG":
        with PngImageFile(io.BytesIO(data)) as image:
            return image.mode == "RGBA", image.has_transparency_data
    if name == "WEBP":
        has = _webp_has_alpha(data)
        return has, has
    return False, False


def _webp_has_alpha(data: bytes) -> bool:
    """The flag of the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    if data[12:16] == b"VP8X":
        return bool(data[20] & 0x10)
    return data[12:16] == b"VP8L" and bool(data[24] & 0x10)
