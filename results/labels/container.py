"""What a picture's file tells of its metadata, and how a packet gets into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from results.labels.packet import Unlabelled


class NoRoom(Unlabelled):
    """The file's form has no room for so much."""


@dataclass(frozen=True)
class Container:
    """A file's metadata, read; nothing of it is decoded."""

    packet: bytes | None
    """Its XMP."""
    splice: Callable[[bytes | None], bytes]
    """The file with another packet, or with none, everything else untouched. Raises NoRoom."""
    aigc_elsewhere: bool = False
    """It has an AIGC label outside its XMP, and a file has one only (GB 45438-2025, 6.1 c)."""
    seals: tuple[tuple[int, int], ...] = ()
    """Where its C2PA manifest begins and ends, whose hash covers the file as it is; it may be in parts."""

    @property
    def sealed(self) -> bool:
        """Whether it has a C2PA manifest."""
        return bool(self.seals)


def the_one(packets: list[bytes]) -> bytes | None:
    """The packet, if there is one. Raises Unlabelled for several, of which none counts."""
    if len(packets) > 1:
        raise Unlabelled("it has several XMP packets")
    return packets[0] if packets else None


def says_aigc(metadata: bytes) -> bool:
    """Whether some piece of metadata holds an AIGC label; Exif may write it with two bytes a sign."""
    return b"AIGC" in metadata.replace(b"\0", b"") and b"Label" in metadata.replace(b"\0", b"")
