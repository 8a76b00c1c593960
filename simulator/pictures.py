"""Draws pictures a person can tell apart: colours from the order, its prompt in writing."""

from __future__ import annotations

import colorsys
import functools
import hashlib
import html
import io
import random
import struct
import zlib
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from simulator.tasks import Order

Colour = tuple[int, int, int]
_FORMATS = {"jpg": "JPEG", "webp": "WEBP"}
_PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="%s"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
"""The comment of a WebP, which has no place for one but its XMP."""


def draw(order: Order, index: int, went_in: Sequence[Image.Image] = ()) -> bytes:
    """A picture in the size and format ordered; `index` counts the order's pictures from 0.

    Small copies of the pictures that `went_in` are shown in its corner.
    """
    image = scene(order, index)
    for place, hint in enumerate(went_in[:3]):
        width = max(16, min(order.size) // 6)
        small_hint = ImageOps.contain(hint, (width, width))
        image.paste(ImageOps.expand(small_hint, 2, "white"), (8 + place * (width + 10), 8))
    width, height = order.size
    facts = [
        order.model + (f"  {order.style}" if order.style else ""),
        f"{width}×{height}  seed {order.seed + index}  image {index + 1} of {order.n}",
    ]
    _caption(image, order.prompt, facts)
    return encoded(image, order.format)


def scene(order: Order, index: int) -> Image.Image:
    """The picture without any writing."""
    seed = order.seed + index
    digest = hashlib.sha256(f"{order.prompt}\n{order.style}\n{seed}".encode()).hexdigest()
    dice = random.Random(digest)
    image = _background(order.size, dice)
    _scenery(image, dice)
    return image


def encoded(image: Image.Image, extension: str) -> bytes:
    """The image as a file of that extension: png, jpg or webp."""
    out = io.BytesIO()
    if extension == "png":
        # Level 1 costs a third of the default and these flat colours still shrink well.
        image.save(out, "PNG", compress_level=1)
    else:
        image.convert("RGB").save(out, _FORMATS[extension])
    return out.getvalue()


def small(order: Order, index: int, label: str, size_bytes: int) -> bytes:
    """A tiny picture of about `size_bytes`; `label` keeps two pictures from being equal."""
    comment = f"{label} {order.model} seed {order.seed + index} ".encode()
    if order.format == "png":
        head, end = _tiny()
        overhead = len(head) + len(end) + 12 + len(b"Comment\0")
        padded = comment.ljust(max(0, size_bytes - overhead), b".")
        return head + _chunk(b"tEXt", b"Comment\0" + padded) + end
    out = io.BytesIO()
    if order.format == "jpg":
        # One comment segment of a JPEG holds less than 64 KB.
        room = min(60_000, max(0, size_bytes - 1000))
        _tiny_image().save(out, "JPEG", comment=comment.ljust(room, b"."))
    else:
        packet = _PACKET % html.escape(comment.decode()).encode()
        _tiny_image().save(out, "WEBP", xmp=packet.ljust(max(0, size_bytes - 400)))
    return out.getvalue()


def _tiny_image() -> Image.Image:
    gradient = Image.linear_gradient("L").resize((64, 64))
    return ImageOps.colorize(gradient, (40, 70, 120), (250, 200, 140))


@functools.cache
def _tiny() -> tuple[bytes, bytes]:
    """A PNG of 64 x 64 pixels, split before its IEND chunk."""
    out = io.BytesIO()
    _tiny_image().save(out, "PNG", optimize=True)
    return out.getvalue()[:-12], out.getvalue()[-12:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _background(size: tuple[int, int], dice: random.Random) -> Image.Image:
    hue = dice.random()
    sky = _colour(hue, 0.55, 0.55 + 0.25 * dice.random())
    glow = _colour(hue + 0.08 + 0.3 * dice.random(), 0.35, 0.98)
    # One column stretched sideways: every row is flat, which deflate finds at once.
    column = Image.linear_gradient("L").resize((1, size[1]))
    return ImageOps.colorize(column, sky, glow).resize(size, Image.Resampling.NEAREST)


def _scenery(image: Image.Image, dice: random.Random) -> None:
    """A sun, and hills before it."""
    width, height = image.size
    pen = ImageDraw.Draw(image)
    hue = dice.random()
    radius = int(min(width, height) * dice.uniform(0.1, 0.2))
    x, y = int(width * dice.uniform(0.2, 0.8)), int(height * dice.uniform(0.18, 0.34))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(hue, 0.25, 1.0))
    for layer in range(3):
        colour = _colour(hue + 0.5 + 0.04 * layer, 0.45, 0.62 - 0.14 * layer)
        top = height * (0.44 + 0.1 * layer)
        for _ in range(3):
            middle, reach = width * dice.random(), width * dice.uniform(0.3, 0.6)
            lift = height * dice.uniform(-0.06, 0.06)
            box = (middle - reach, top + lift, middle + reach, height * 2.0)
            pen.ellipse(box, fill=colour)
        pen.rectangle((0, top + height * 0.22, width, height), fill=colour)


def _caption(image: Image.Image, prompt: str, facts: list[str]) -> None:
    width, height = image.size
    margin = width // 24
    small_font, font = _font(max(11, width // 42)), _font(max(13, width // 30))
    line_height = int(font.size * 1.35)
    room = width - 2 * margin
    lines = list(_wrapped(_legible(prompt), font, room))
    most = max(1, int(height * 0.42) // line_height)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    facts = [part for fact in facts for part in _wrapped(fact, small_font, room)]
    fact_height = int(small_font.size * 1.4)
    tall = margin + line_height * len(lines) + fact_height * len(facts)
    pen = ImageDraw.Draw(image)
    top = height - tall - margin // 2
    pen.rectangle((0, top, width, height), fill=(22, 24, 32))
    y = top + margin // 2
    for line in lines:
        pen.text((margin, y), line, font=font, fill=(255, 255, 255))
        y += line_height
    for fact in facts:
        pen.text((margin, y), fact, font=small_font, fill=(178, 190, 210))
        y += fact_height


@functools.cache
def _font_file() -> str | None:
    try:
        from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415  # 8 MB that may be left out
    except ImportError:
        return None
    return str(sans_path())


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    file = _font_file()
    font = ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _legible(text: str) -> str:
    """The text as the font can write it: Pillow's own has no Chinese, so code points stand in."""
    text = " ".join(text.split())
    if _font_file() is not None:
        return text
    return "".join(char if ord(char) < 0x2000 else f"[{ord(char):04x}]" for char in text)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: int) -> Iterator[str]:
    """Break at spaces where there are any, between characters where there are none."""
    line, length = "", 0.0
    for piece in _pieces(text):
        if line and length + font.getlength(piece) > room:
            yield line.rstrip()
            line, length = "", 0.0
        # A line does not begin with the space it broke at.
        shown = piece if line else piece.lstrip()
        line, length = line + shown, length + font.getlength(shown)
    if line:
        yield line


def _pieces(text: str) -> Iterator[str]:
    """Words with the space before them; every Chinese character by itself; long words in bits."""
    word = ""
    for char in text:
        alone = ord(char) >= 0x2E80
        if alone or char == " " or len(word) >= 24:
            if word:
                yield word
            word = ""
        if alone:
            yield char
        else:
            word += char
    if word:
        yield word
