"""A picture that goes in, as it was seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture, decoded to its last pixel."""

    sha256: str
    size_bytes: int
    format: str
    """By Pillow's names: JPEG, PNG, BMP, WEBP."""
    content_type: str
    extension: str
    width: int
    """Pixels as they are stored; a camera's turn of the picture (EXIF) is not applied."""
    height: int
    """Pixels, like the width."""
    four_channels: bool
    """Red, green, blue and alpha: what providers call a picture with a transparent background."""
    transparent: bool
    """It has transparency of any kind, were it a palette's."""


class Unseen(ValueError):
    """Bytes that are no picture we can look at; the message reads on from its name."""
