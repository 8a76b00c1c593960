"""Draws what comes along with a picture or stands in its place: masks, overlays, SVG."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from simulator.pictures import draw, encoded, scene
from simulator.tasks import Order

_TINTS = ((230, 60, 60), (60, 120, 230))


def draw_part(order: Order, index: int, part: str, went_in: Sequence[Image.Image] = ()) -> bytes:
    """The picture of that index (from 0), or the part of it: svg, overlay or background."""
    if part == "svg":
        return _svg(order, index)
    if part == "background":
        return encoded(scene(order, index), order.format)
    if part == "overlay":
        image = scene(order, index)
        for tint, box in zip(_TINTS, _bodies(order.size), strict=True):
            ImageDraw.Draw(image).ellipse(box, fill=tint)
        return encoded(image, order.format)
    if "instances" in order.facts:
        return _mask(order)
    return draw(order, index, went_in)


def _mask(order: Order) -> bytes:
    """Grey values count the persons from 1, black is none (image-instance-segmentation)."""
    mask = Image.new("L", order.size, 0)
    for value, box in enumerate(_bodies(order.size), start=1):
        ImageDraw.Draw(mask).ellipse(box, fill=value)
    return encoded(mask, order.format)


def _bodies(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Two upright ovals side by side, where persons might stand."""
    width, height = size
    top, bottom = height // 5, height * 9 // 10
    return [
        (width // 8, top, width * 7 // 16, bottom),
        (width * 9 // 16, top, width * 7 // 8, bottom),
    ]


def _svg(order: Order, index: int) -> bytes:
    width, height = order.size
    middle = f'x="{width // 2}" y="{height // 2}"'
    title = escape(f"{order.model}: {order.prompt} (seed {order.seed + index})")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">\n'
        f"  <title>{title}</title>\n"
        f'  <rect width="{width}" height="{height}" fill="black"/>\n'
        f'  <text {middle} fill="white" font-size="{height // 8}" text-anchor="middle" '
        f'dominant-baseline="middle">{escape(order.prompt[:40])}</text>\n'
        "</svg>\n"
    ).encode()
