"""Files with metadata, put together by hand, and what a second library reads in them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import PIL.Image

from results.labels.marks import Marks, Origin, marks
from schemas.finishing import Label

ORIGIN = Origin(
    producer="dashscope",
    number="task-1-01",
    provider="dashscope",
    model="wanx-v1",
    prompt="一只青瓷茶杯 & <saucer>",
    negative_prompt="text, 水印",
    seed=42,
    width=24,
    height=16,
    ticket="task-1",
)
ALL = marks(Label.ALL, ORIGIN)
MADE_BY_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
EXT = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
AIGC = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'


def drawn(form: str, mode: str = "RGB", size: tuple[int, int] = (24, 16), **options: Any) -> bytes:
    out = io.BytesIO()
    with PIL.Image.effect_noise(size, 80) as noise:
        image = noise.convert(mode)
        if mode == "RGBA":
            image.putalpha(noise)
        image.save(out, form, **options)
    return out.getvalue()


def only(label: Label) -> Marks:
    """Its marks, without what the picture was made from."""
    return marks(label, ORIGIN, parameters=False)


def pixels(file: bytes) -> tuple[str, tuple[int, int], bytes]:
    with PIL.Image.open(io.BytesIO(file)) as image:
        image.load()
        return image.mode, image.size, image.tobytes()


def packet_of(file: bytes) -> bytes:
    """The XMP packet as Pillow finds it."""
    with PIL.Image.open(io.BytesIO(file)) as image:
        image.load()
        found: bytes = image.info["xmp"]
        return found


def told(file: bytes) -> dict[str, Any]:
    """Every property of the XMP that Pillow reads, by its name alone."""
    with PIL.Image.open(io.BytesIO(file)) as image:
        image.load()
        found = image.getxmp()
    rdf = found.get("xmpmeta", found)["RDF"]
    described = rdf["Description"]
    every = described if isinstance(described, list) else [described]
    said: dict[str, Any] = {}
    for one in every:
        twice = said.keys() & one.keys() - {"about"}
        assert not twice, f"said twice: {twice}"
        said |= one
    return said


def png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def with_png_chunk(file: bytes, kind: bytes, data: bytes) -> bytes:
    """Right behind the header."""
    return file[:33] + png_chunk(kind, data) + file[33:]


def with_png_packet(packet: bytes, *, compressed: bool = False) -> bytes:
    flag, text = (b"\1", zlib.compress(packet)) if compressed else (b"\0", packet)
    data = b"XML:com.adobe.xmp\0" + flag + b"\0\0\0" + text
    return with_png_chunk(drawn("PNG"), b"iTXt", data)


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2) + data


def with_jpeg_segment(file: bytes, marker: int, data: bytes) -> bytes:
    """Right behind the JFIF segment."""
    end = 4 + int.from_bytes(file[4:6])
    return file[:end] + jpeg_segment(marker, data) + file[end:]


def jpeg_segments(file: bytes) -> list[tuple[int, bytes]]:
    """Marker and content of every segment before the scan."""
    found, place = [], 2
    while file[place + 1] != 0xDA:
        size = int.from_bytes(file[place + 2 : place + 4])
        found.append((file[place + 1], file[place + 4 : place + 2 + size]))
        place += 2 + size
    return found


def with_jpeg_packet(packet: bytes) -> bytes:
    return with_jpeg_segment(drawn("JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def with_webp_chunk(file: bytes, kind: bytes, data: bytes) -> bytes:
    """Behind all others."""
    chunk = kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
    return b"RIFF" + (len(file) - 8 + len(chunk)).to_bytes(4, "little") + file[8:] + chunk


def webp_chunks(file: bytes) -> dict[bytes, bytes]:
    found, place = {}, 12
    while place < len(file):
        size = int.from_bytes(file[place + 4 : place + 8], "little")
        found[file[place : place + 4]] = file[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return found
