from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from results.picture import (
    NotAPicture,
    PictureFacts,
    inspect,
    inspect_and_shrink,
    thumbnail,
)


def drawn(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    with Image.effect_noise(size, 80) as noise:
        noise.convert(mode).save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum


def png_of(width: int, height: int) -> bytes:
    """A tiny file that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


PNG, JPEG, WEBP = drawn("PNG"), drawn("JPEG"), drawn("WEBP")
LOSSLESS = drawn("WEBP", lossless=True)
EXTENDED = drawn("WEBP", icc_profile=b"colours")
ALL = (PNG, JPEG, WEBP, LOSSLESS, EXTENDED)


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (PNG, PictureFacts(64, 48, "image/png", "png")),
        (JPEG, PictureFacts(64, 48, "image/jpeg", "jpg")),
        (WEBP, PictureFacts(64, 48, "image/webp", "webp")),
        (LOSSLESS, PictureFacts(64, 48, "image/webp", "webp")),
        (EXTENDED, PictureFacts(64, 48, "image/webp", "webp")),
    ],
)
def test_a_picture_is_known_by_its_bytes(data: bytes, facts: PictureFacts) -> None:
    assert inspect(data) == facts


@pytest.mark.parametrize("size", [(64, 48), (1500, 900)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_done_together_it_comes_to_the_same(kind: str, mode: str, size: tuple[int, int]) -> None:
    data = drawn(kind, size, mode)
    assert inspect_and_shrink(data) == (inspect(data), thumbnail(data))


@pytest.mark.parametrize("mode", ["1", "LA", "P", "RGBA", "I;16"])
def test_done_together_it_comes_to_the_same_in_every_mode(mode: str) -> None:
    data = drawn("PNG", (500, 300), mode)
    assert inspect_and_shrink(data) == (inspect(data), thumbnail(data))


def test_no_small_picture_is_made_of_a_document() -> None:
    data = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"/>'
    assert inspect_and_shrink(data) == (inspect(data), None)


@pytest.mark.parametrize("data", [PNG[:-20], JPEG[:-200], WEBP[:-20], png_of(20_000, 20_000)])
def test_done_together_damage_is_found_as_well(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        inspect(data)
    with pytest.raises(NotAPicture):
        inspect_and_shrink(data)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_read_and_made_small(mode: str) -> None:
    data = drawn("PNG", (500, 400), mode)
    assert inspect(data).width == 500
    with Image.open(io.BytesIO(thumbnail(data))) as small:
        assert (small.format, small.size) == ("JPEG", (400, 320))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_mode_of_jpeg_is_read_and_made_small(mode: str) -> None:
    data = drawn("JPEG", (1500, 1000), mode)
    assert inspect(data).height == 1000
    with Image.open(io.BytesIO(thumbnail(data, 300))) as small:
        assert (small.format, small.size) == ("JPEG", (300, 200))


def test_a_small_picture_is_not_enlarged() -> None:
    with Image.open(io.BytesIO(thumbnail(PNG))) as small:
        assert small.size == (64, 48)


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (400, 400), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(thumbnail(out.getvalue()))) as small:
        assert small.getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("data", ALL)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_picture_is_none(data: bytes, share: float) -> None:
    with pytest.raises(NotAPicture):
        inspect(data[: int(len(data) * share)])


def test_a_png_that_lacks_only_its_end_is_none() -> None:
    with pytest.raises(NotAPicture, match="ends too early"):
        inspect(PNG[:-12])


def test_a_damaged_png_is_none() -> None:
    middle = len(PNG) // 2
    with pytest.raises(NotAPicture, match="damaged"):
        inspect(PNG[:middle] + bytes([PNG[middle] ^ 0xFF]) + PNG[middle + 1 :])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "nothing"),
        (b"<!DOCTYPE html><html>sign in</html>", "markup"),
        (b"\n  <?xml version='1.0'?><Error/>", "markup"),
        (b"<svg/>", "markup"),
        (b'{"code": "AccessDenied"}', "neither"),
        (b"GIF89a" + b"\0" * 100, "neither"),
        (b"%PDF-1.7", "neither"),
        (b"RIFF\0\0\0\0WAVE", "neither"),
        (b"RIFF\0\0\0\0WEBP", "too early"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"\xff\xd8\xff" + PNG, "damaged"),
        (b"\x89PNG\r\n\x1a\n" + JPEG, "damaged"),
    ],
)
def test_what_is_no_picture_is_called_so(data: bytes, words: str) -> None:
    with pytest.raises(NotAPicture, match=words):
        inspect(data)
    with pytest.raises(NotAPicture, match=words):
        thumbnail(data)


@pytest.mark.parametrize("size", [(20_000, 20_000), (100_000_001, 1), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_not_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(NotAPicture, match="pixels"):
        inspect(png_of(*size))
    with pytest.raises(NotAPicture, match="pixels"):
        thumbnail(png_of(*size))


def test_a_webp_bomb_is_not_unpacked() -> None:
    size = (16_000 - 1).to_bytes(3, "little") * 2
    with pytest.raises(NotAPicture, match="pixels"):
        inspect(EXTENDED[:24] + size + EXTENDED[30:])


@given(st.sampled_from(ALL), st.data())
def test_whatever_happened_to_the_bytes_only_one_error_comes(
    data: bytes, luck: st.DataObject
) -> None:
    changed = bytearray(data)
    for _ in range(luck.draw(st.integers(1, 8))):
        changed[luck.draw(st.integers(0, len(changed) - 1))] = luck.draw(st.integers(0, 255))
    cut = bytes(changed[: luck.draw(st.integers(0, len(changed)))])
    for step in (inspect, thumbnail):
        with suppress(NotAPicture):
            step(cut)


def test_many_threads_look_at_pictures() -> None:
    with ThreadPoolExecutor(8) as threads:
        facts = list(threads.map(inspect, ALL * 20))
        small = list(threads.map(thumbnail, ALL * 20))
    assert {one.width for one in facts} == {64}
    assert len(set(small)) == len(ALL)
