"""Where a picture stands on a rendition's canvas: whole, in proportion, never enlarged."""

from __future__ import annotations

from typing import NamedTuple

from schemas.rendition import RenditionSpec, Shape
from schemas.size import Size


class Placement(NamedTuple):
    """All in pixels."""

    drawn: Size
    """The picture itself."""
    canvas: Size
    left: int
    top: int

    @property
    def not_filled(self) -> bool:
        """Whether white is on all four sides, since the picture is smaller than was asked for."""
        return self.drawn.width < self.canvas.width and self.drawn.height < self.canvas.height


def placement(picture: Size, spec: RenditionSpec) -> Placement:
    """How a picture of that size is drawn; a pixel that cannot be halved is on the right and below."""
    if spec.box is None:
        return Placement(picture, picture, 0, 0)
    drawn = _within(picture, spec.box)
    canvas = drawn if spec.shape is Shape.FIT else spec.box
    left, top = (canvas.width - drawn.width) // 2, (canvas.height - drawn.height) // 2
    return Placement(drawn, canvas, left, top)


def _within(picture: Size, box: Size) -> Size:
    """The largest size of the picture's proportions that the box holds, at most its own."""
    if picture.width <= box.width and picture.height <= box.height:
        return picture
    if picture.width * box.height >= picture.height * box.width:
        return Size(box.width, _scaled(picture.height, box.width, picture.width))
    return Size(_scaled(picture.width, box.height, picture.height), box.height)


def _scaled(side: int, to: int, of: int) -> int:
    """To the nearest pixel, in whole numbers: no machine rounds these differently."""
    return max(1, (2 * side * to + of) // (2 * of))
