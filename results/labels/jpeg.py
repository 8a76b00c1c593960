"""XMP in a JPEG: an APP1 segment of its own, of 64 KB at most (XMP specification, part 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from results.labels.container import Container, NoRoom, says_aigc, the_one
from results.labels.packet import Unlabelled

_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_SEGMENT_LIMIT = 65_535
"""Bytes, the two of its length included."""
_SCAN, _END, _APP0, _APP1, _APP11, _APP15, _COMMENT = 0xDA, 0xD9, 0xE0, 0xE1, 0xEB, 0xEF, 0xFE
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""


class _Segment(NamedTuple):
    marker: int
    start: int
    end: int
    data: bytes


def read_jpeg(file: bytes) -> Container:
    """What it has of metadata. Raises Unlabelled for one that is damaged."""
    segments = list(_segments(file))
    ours = [segment for segment in segments if _is_packet(segment)]
    told = [one.data for one in segments if _tells(one) and not _is_packet(one)]
    behind = _behind_exif(segments)
    place = (ours[0].start, ours[0].end) if ours else (behind, behind)
    return Container(
        packet=the_one([segment.data[len(_HEADER) :] for segment in ours]),
        splice=lambda packet: file[: place[0]] + _written(packet) + file[place[1] :],
        aigc_elsewhere=any(map(says_aigc, told)),
        seals=tuple(_seals(segments)),
    )


def _segments(file: bytes) -> Iterator[_Segment]:
    """Every segment before the first scan."""
    place = 2
    while True:
        start = place
        while file[place : place + 2] == b"\xff\xff":  # fill bytes
            place += 1
        found = file[place : place + 2]
        marker = found[1] if len(found) == 2 and found[0] == 0xFF else 0
        if marker == _SCAN:
            break
        size = 0 if marker in _ALONE else int.from_bytes(file[place + 2 : place + 4])
        end = place + 2 + size
        if marker in (0, _END) or end > len(file) or (marker not in _ALONE and size < 2):
            raise Unlabelled("a damaged JPEG: its segments do not lead to a picture")
        yield _Segment(marker, start, end, file[place + 4 : end])
        place = end
    if file.rfind(b"\xff\xd9", place) < 0:
        raise Unlabelled("a damaged JPEG: it ends too early")


def _is_packet(segment: _Segment) -> bool:
    return segment.marker == _APP1 and segment.data.startswith(_HEADER)


def _seals(segments: list[_Segment]) -> Iterator[tuple[int, int]]:
    """A manifest of more than 64 KB is in several segments, which bear its box's number."""
    boxes = {one.data[:4] for one in segments if one.marker == _APP11 and b"c2pa" in one.data}
    for segment in segments:
        if segment.marker == _APP11 and segment.data[:4] in boxes:
            yield segment.start, segment.end


def _tells(segment: _Segment) -> bool:
    """Whether it may hold words; a C2PA manifest's are not its picture's own."""
    in_app = _APP0 <= segment.marker <= _APP15 and segment.marker != _APP11
    return in_app or segment.marker == _COMMENT


def _behind_exif(segments: list[_Segment]) -> int:
    """Where JFIF and Exif, which must come first, are over."""
    place = 2
    for segment in segments:
        is_exif = segment.marker == _APP1 and segment.data.startswith(b"Exif\0")
        if segment.marker != _APP0 and not is_exif:
            break
        place = segment.end
    return place


def _written(packet: bytes | None) -> bytes:
    if packet is None:
        return b""
    size = 2 + len(_HEADER) + len(packet)
    if size > _SEGMENT_LIMIT:
        raise NoRoom(f"a JPEG has no room for {len(packet):,} bytes of XMP")
    return b"\xff\xe1" + size.to_bytes(2) + _HEADER + packet
