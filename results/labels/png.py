"""XMP in a PNG: an iTXt chunk with a keyword of its own (XMP specification, part 3; PNG, 11.3.3)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from results.labels.container import Container, says_aigc, the_one
from results.labels.packet import PACKET_LIMIT_BYTES, Unlabelled

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp\0"
_PLAIN = _KEYWORD + b"\0\0\0\0"
"""Neither compressed, nor in a language, nor with a translated keyword."""
_TOLD = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int
    data: bytes


def read_png(file: bytes) -> Container:
    """What it has of metadata. Raises Unlabelled for one that is damaged."""
    told, after_header = [], 0
    seals, whole = [], False
    for chunk in _chunks(file):
        if chunk.kind == b"IHDR":
            after_header = chunk.end
        elif chunk.kind in _TOLD:
            told.append(chunk)
        elif chunk.kind == b"caBX":
            seals.append((chunk.start, chunk.end))
        whole |= chunk.kind == b"IEND"
    if not (whole and after_header):
        raise Unlabelled("a damaged PNG: it has no beginning or no end")
    ours = [chunk for chunk in told if _is_packet(chunk)]
    place = (ours[0].start, ours[0].end) if ours else (after_header, after_header)
    return Container(
        packet=the_one([_packet(chunk.data) for chunk in ours]),
        splice=lambda packet: file[: place[0]] + _written(packet) + file[place[1] :],
        aigc_elsewhere=any(_says_aigc(chunk) for chunk in told if not _is_packet(chunk)),
        seals=tuple(seals),
    )


def _chunks(file: bytes) -> Iterator[_Chunk]:
    """Every chunk up to IEND; the pixels' own are not copied."""
    place = len(SIGNATURE)
    while place < len(file):
        if place + 12 > len(file):
            raise Unlabelled("a damaged PNG: it ends too early")
        size, kind = struct.unpack_from(">I4s", file, place)
        end = place + 12 + size
        if end > len(file):
            raise Unlabelled("a damaged PNG: it ends too early")
        yield _Chunk(kind, place, end, file[place + 8 : end - 4] if kind in _TOLD else b"")
        if kind == b"IEND":
            return
        place = end


def _is_packet(chunk: _Chunk) -> bool:
    return chunk.kind == b"iTXt" and chunk.data.startswith(_KEYWORD)


def _says_aigc(chunk: _Chunk) -> bool:
    """A text of that keyword may be compressed."""
    return chunk.data.startswith(b"AIGC\0") or says_aigc(chunk.data)


def _packet(data: bytes) -> bytes:
    compressed, rest = data[len(_KEYWORD) : len(_KEYWORD) + 1], data[len(_KEYWORD) + 2 :]
    text = rest.split(b"\0", 2)[-1]
    if compressed != b"\1":
        return text
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(text, PACKET_LIMIT_BYTES)
    except zlib.error as error:
        raise Unlabelled(f"its XMP packet cannot be unpacked: {error}") from error
    if not unpacker.eof:
        raise Unlabelled("its XMP packet is cut off, or unpacks to more than anybody reads")
    return text


def _written(packet: bytes | None) -> bytes:
    if packet is None:
        return b""
    content = b"iTXt" + _PLAIN + packet
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
