"""A thumbnail: the small JPEG by which a picture is shown on the contact sheet."""

from __future__ import annotations

import struct
from io import BytesIO

import PIL.Image

THUMBNAIL_SIDE = 400
"""Pixels of the longer side: a card is about 300 wide, and screens are denser than that."""

_QUALITY = 78
_PAPER = (255, 255, 255)
_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,  # Pillow's word for a broken PNG
    EOFError,
    struct.error,
    PIL.Image.DecompressionBombError,
    PIL.Image.DecompressionBombWarning,
)


class NotAPicture(ValueError):
    """The bytes are no picture that can be read."""


def make_thumbnail(picture: bytes) -> bytes:
    """A small JPEG of the picture. Raises NotAPicture when it cannot be read."""
    try:
        return _shrunk(picture)
    except _UNREADABLE as error:
        raise NotAPicture(f"the picture cannot be read: {error}") from error


def _shrunk(picture: bytes) -> bytes:
    with PIL.Image.open(BytesIO(picture)) as opened:
        opened.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        opened.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        small = _on_paper(opened)
    written = BytesIO()
    small.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def _on_paper(image: PIL.Image.Image) -> PIL.Image.Image:
    """The image without transparency: cut-out products stand on white, as shops show them."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    paper = PIL.Image.new("RGB", clear.size, _PAPER)
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper
