"""Is it a picture, whole and of a kind we know? And a small one of it."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from results.svg import SVG_TYPE, NotAnSvg, svg_size

MAX_PIXELS = 100_000_000
"""More is a decompression bomb: no provider draws beyond 20 megapixels."""
LARGE_PIXELS = 5_000_000
_LARGE_AT_ONCE = threading.BoundedSemaphore(2)
"""A worker has dozens of threads, and each large picture may take a gigabyte while it is decoded."""
MAX_SCANS = 100
"""Every scan of a JPEG passes over all of its pixels, and takes a file a few dozen bytes: without a
limit 64 MB keep a thread busy for hours. Encoders write about ten."""
THUMBNAIL_SIDE_PX = 400
"""A card of the contact sheet is about 300 wide, and screens are denser than that."""
_THUMBNAIL_QUALITY = 80
_REDUCING_GAP = 1.5
"""First down to this times the final size in the cheap way, the rest smoothly."""
_WEBP_HEADER_BYTES = 30
_PNG_END = b"IEND\xaeB`\x82"

FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's plugins raise: whatever a damaged file makes them stumble over."""

# Saving loads the plugins on first use, which two threads had better not do at once.
Image.preinit()


class NotAPicture(Exception):
    """Bytes that are no whole picture of a kind we know; the message says what is wrong."""


@dataclass(frozen=True)
class PictureFacts:
    """What a picture says of itself, in its bytes and not in its name."""

    width: int
    """Pixels."""
    height: int
    """Pixels, like the width; an SVG that names no size has 0 of both."""
    content_type: str
    extension: str

    @property
    def may_be_shown(self) -> bool:
        """Whether a small picture of it may be made: not of a document that may hold scripts."""
        return self.content_type != SVG_TYPE


@dataclass(frozen=True)
class _Format:
    """One kind of picture: how it begins, and who reads it."""

    name: str
    content_type: str
    extension: str
    reader: type[ImageFile.ImageFile]


_PNG = _Format("PNG", "image/png", "png", PngImageFile)
_JPEG = _Format("JPEG", "image/jpeg", "jpg", JpegImageFile)
_WEBP = _Format("WebP", "image/webp", "webp", WebPImageFile)


def inspect(data: bytes) -> PictureFacts:
    """A picture's facts, once every pixel was decoded; an SVG is read and never drawn.

    Raises NotAPicture.
    """
    return _inspect(data, None)[0]


def inspect_and_shrink(
    data: bytes, side_px: int = THUMBNAIL_SIDE_PX
) -> tuple[PictureFacts, bytes | None]:
    """What `inspect` and `thumbnail` say, decoded once where both need every pixel.

    There is no thumbnail of what may not be shown, nor of what cannot be made small: it is paid for,
    and a picture all the same. Raises NotAPicture.
    """
    facts, small = _inspect(data, side_px)
    if small is None and facts.may_be_shown:
        with suppress(NotAPicture):
            small = thumbnail(data, side_px)
    return facts, small


def thumbnail(data: bytes, side_px: int = THUMBNAIL_SIDE_PX) -> bytes:
    """A JPEG that fits into a square of `side_px`, never enlarged; alpha onto white.

    Raises NotAPicture.
    """
    found = _format(data)
    try:
        with _opened(found, data) as image:
            # Before loading: JPEG is then decoded at a fraction of its size.
            enough_px = int(side_px * _REDUCING_GAP)
            image.draft("RGB", (enough_px, enough_px))
            return _shrunk(image, side_px)
    except FAULTS as error:
        raise NotAPicture(f"a damaged {found.name}: {error}") from error


@contextmanager
def decoded(data: bytes) -> Iterator[Image.Image]:
    """The picture with every pixel, and with what its file says in `info`. Raises NotAPicture.

    A large one keeps others waiting until the block ends.
    """
    found = _format(data)
    with ExitStack() as stack:
        try:
            image = stack.enter_context(_opened(found, data))
            image.load()
        except FAULTS as error:
            raise NotAPicture(f"a damaged {found.name}: {error}") from error
        yield image


def _inspect(data: bytes, side_px: int | None) -> tuple[PictureFacts, bytes | None]:
    """With a small picture, if one is wanted and decoding all of it is the way to make it."""
    if _is_markup(data):
        return _inspect_svg(data), None
    found = _format(data)
    try:
        with _opened(found, data) as image:
            image.load()
            width, height = image.size
            # A JPEG is decoded once more, at a fraction of its size: other pixels, and cheap.
            small = None
            if side_px is not None and found is not _JPEG:
                with suppress(*FAULTS):
                    small = _shrunk(image, side_px)
    except FAULTS as error:
        raise NotAPicture(f"a damaged {found.name}: {error}") from error
    if found is _PNG and _PNG_END not in data:
        raise NotAPicture("a damaged PNG: it ends too early")
    return PictureFacts(width, height, found.content_type, found.extension), small


def _shrunk(image: Image.Image, side_px: int) -> bytes:
    small = plain(image)
    small.thumbnail((side_px, side_px), Image.Resampling.BICUBIC, _REDUCING_GAP)
    out = io.BytesIO()
    on_white(small).save(out, "JPEG", quality=_THUMBNAIL_QUALITY)
    return out.getvalue()


def _format(data: bytes) -> _Format:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _WEBP
    if not data:
        raise NotAPicture("nothing at all")
    if _is_markup(data):
        raise NotAPicture("a page of markup, not a picture that can be drawn")
    raise NotAPicture("neither PNG nor JPEG nor WebP nor SVG")


def _is_markup(data: bytes) -> bool:
    return data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _inspect_svg(data: bytes) -> PictureFacts:
    try:
        width, height = svg_size(data)
    except NotAnSvg as error:
        raise NotAPicture(str(error)) from error
    return PictureFacts(width, height, SVG_TYPE, "svg")


@contextmanager
def _opened(found: _Format, data: bytes) -> Iterator[ImageFile.ImageFile]:
    """The picture, its header read and its size checked, nothing decoded.

    The reader is called itself, since Image.open knows only a process-wide limit and a warning.
    """
    with ExitStack() as stack:
        if found is _WEBP:  # its reader makes room for all pixels at once
            stack.enter_context(_room_for(*_webp_size(data)))
        # Inside the data these two bytes are never neighbours: each is the beginning of a scan.
        if found is _JPEG and (scans := data.count(b"\xff\xda")) > MAX_SCANS:
            raise NotAPicture(f"a JPEG of {scans:,} scans, more than {MAX_SCANS}")
        image = stack.enter_context(found.reader(io.BytesIO(data)))
        if found is _WEBP:
            _check_pixels(*image.size)
        else:
            stack.enter_context(_room_for(*image.size))
        yield image


@contextmanager
def _room_for(width: int, height: int) -> Iterator[None]:
    """The memory for decoding; large pictures take turns. Raises NotAPicture for a bomb."""
    _check_pixels(width, height)
    if width * height <= LARGE_PIXELS:
        yield
        return
    with _LARGE_AT_ONCE:
        yield


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise NotAPicture(f"{width} x {height} pixels, more than {MAX_PIXELS:,} in all")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    if len(data) < _WEBP_HEADER_BYTES:
        raise NotAPicture("a damaged WebP: it ends too early")
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF


def plain(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be scaled smoothly: RGB, RGBA or L."""
    if image.mode in ("RGB", "L"):
        return image
    if image.mode.startswith("I"):  # 16 bits of grey, which conversion would cut off at 255
        return image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("RGB")


def on_white(image: Image.Image) -> Image.Image:
    """What shines through is white."""
    if image.mode != "RGBA":
        return image
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A"))
    return page
