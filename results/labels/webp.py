"""XMP in a WebP: a chunk of its own behind the picture, and a flag that says so (RFC 9649, 2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from results.labels.container import Container, says_aigc, the_one
from results.labels.packet import Unlabelled

_XMP_FLAG, _ALPHA_FLAG = 0x04, 0x10
_DAMAGED = "a damaged WebP: it ends too early"


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int
    """The padding included."""
    data_end: int


def read_webp(file: bytes) -> Container:
    """What it has of metadata. Raises Unlabelled for one that is damaged."""
    over = 8 + int.from_bytes(file[4:8], "little")
    chunks = list(_chunks(file, over))
    ours = [chunk for chunk in chunks if chunk.kind == b"XMP "]
    exif = [_data(file, chunk) for chunk in chunks if chunk.kind == b"EXIF"]
    header = _header(file, chunks[0])
    body = file[chunks[0].end if chunks[0].kind == b"VP8X" else chunks[0].start : over]
    shift = over - len(body)
    place = (ours[0].start - shift, ours[0].end - shift) if ours else (len(body), len(body))

    def splice(packet: bytes | None) -> bytes:
        if packet is None:
            parts = _plain_header(header, body) + body[: place[0]] + body[place[1] :]
        else:
            parts = header + body[: place[0]] + _chunk(b"XMP ", packet) + body[place[1] :]
        size = (4 + len(parts)).to_bytes(4, "little")
        return b"RIFF" + size + b"WEBP" + parts + file[over:]

    return Container(
        packet=the_one([_data(file, chunk) for chunk in ours]),
        splice=splice,
        aigc_elsewhere=any(map(says_aigc, exif)),
        seals=tuple((chunk.start, chunk.end) for chunk in chunks if chunk.kind == b"C2PA"),
    )


def _chunks(file: bytes, over: int) -> Iterator[_Chunk]:
    if not 20 < over <= len(file):
        raise Unlabelled(_DAMAGED)
    place = 12
    while place < over:
        data_end = place + 8 + int.from_bytes(file[place + 4 : place + 8], "little")
        end = data_end + data_end % 2
        if place + 8 > over or end > over:
            raise Unlabelled(_DAMAGED)
        yield _Chunk(file[place : place + 4], place, end, data_end)
        place = end


def _data(file: bytes, chunk: _Chunk) -> bytes:
    return file[chunk.start + 8 : chunk.data_end]


def _header(file: bytes, first: _Chunk) -> bytes:
    """A VP8X chunk that announces XMP: the file's own, or one for a file in the simple form."""
    data = _data(file, first)
    if first.kind == b"VP8X" and len(data) == 10:
        return _chunk(b"VP8X", bytes([data[0] | _XMP_FLAG]) + data[1:])
    if first.kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a" and len(data) >= 10:
        sides = [int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8)]
        if min(sides) > 0:
            return _extended(_XMP_FLAG, *sides)
    if first.kind == b"VP8L" and data[:1] == b"\x2f" and len(data) >= 5:
        bits = int.from_bytes(data[1:5], "little")
        flags = _XMP_FLAG | (_ALPHA_FLAG if bits >> 28 & 1 else 0)
        return _extended(flags, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    raise Unlabelled("a damaged WebP: it does not begin with a picture")


def _plain_header(header: bytes, body: bytes) -> bytes:
    """The header of a file without XMP; none where the picture is all there is, in the simple form."""
    flags = header[8] & ~_XMP_FLAG
    if body[:4] in (b"VP8 ", b"VP8L") and not flags & ~_ALPHA_FLAG:
        return b""
    return header[:8] + bytes([flags]) + header[9:]


def _extended(flags: int, width: int, height: int) -> bytes:
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    return _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
