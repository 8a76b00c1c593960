"""What is made of a stored picture besides, as a person says it: square-1600.jpg, shop=fit-800.webp."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from schemas.layout import safe_name
from schemas.size import Size

EXAMPLES = "square-1600.jpg, pad-1200x900.jpg, fit-800.webp or full.avif"
NONE = "none"
"""Said alone: nothing, whatever the settings say."""
SIDE_MIN_PX, SIDE_MAX_PX = 16, 5000
"""Shops take no more than that (VTEX help: images in the catalog), and threads hold it in memory."""
MOST = 12
"""Renditions of one batch."""
_NAME_LIMIT = 40
_SPEC = re.compile(
    r"(?:(?P<name>[^=]*)=)?(?P<stem>(?P<shape>square|pad|fit|full)"
    r"(?:-(?P<width>\d+)(?:[x*×](?P<height>\d+))?)?(?:-q(?P<quality>\d+))?)\.(?P<form>[a-z]+)"
)


class Shape(StrEnum):
    """How the picture stands in the size that is asked for. It is never cut, and never enlarged."""

    SQUARE = "square"
    """On a white square of that side, in its middle."""
    PAD = "pad"
    """On a white rectangle of that size, in its middle."""
    FIT = "fit"
    """No longer or higher than that; nothing is put around it."""
    FULL = "full"
    """As large as it is."""


class Form(StrEnum):
    """The file's form, by its ending."""

    JPEG = "jpg"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def content_type(self) -> str:
        """As it is stored and served."""
        return "image/jpeg" if self is Form.JPEG else f"image/{self}"


_QUALITIES = {Form.JPEG: 90, Form.WEBP: 85, Form.AVIF: 75}
"""Where nothing is said: no difference is seen at the size at which shops show pictures."""


@dataclass(frozen=True)
class RenditionSpec:
    """One further file to make of each picture."""

    name: str
    """Its folder's."""
    shape: Shape
    box: Size | None
    """Pixels; None: as the picture is."""
    form: Form
    quality: int
    """1 to 100, as the form's encoder counts."""
    text: str
    """How it is said, always in the same way."""

    @property
    def place(self) -> str:
        """Its folder and its files' ending, which no other of the batch has both of."""
        return f"{self.name}.{self.form}"

    @property
    def on_white(self) -> bool:
        """Whether nothing may shine through."""
        return self.form is Form.JPEG or self.has_margins

    @property
    def has_margins(self) -> bool:
        """Whether white may be put around the picture."""
        return self.shape in (Shape.SQUARE, Shape.PAD)

    @classmethod
    def parse(cls, text: str) -> RenditionSpec:
        """What somebody wants. Raises ValueError saying what to write instead."""
        return _parsed(text)


def parse_renditions(texts: Iterable[str]) -> tuple[str, ...]:
    """Several of them, each as it is always said. Raises ValueError."""
    specs = [RenditionSpec.parse(text) for text in texts]
    if len(specs) > MOST:
        raise ValueError(f"{len(specs)} renditions are more than {MOST}")
    places: dict[tuple[str, Form], str] = {}
    for spec in specs:
        place = (spec.name.casefold(), spec.form)
        if place in places:
            raise ValueError(
                f"{places[place]} and {spec.text} would be the same file; name one, as in"
                f" shop={spec.text.rpartition('=')[2]}"
            )
        places[place] = spec.text
    return tuple(spec.text for spec in specs)


RenditionTexts = Annotated[tuple[str, ...], AfterValidator(parse_renditions)]
"""Renditions as a document holds them."""


@lru_cache(maxsize=1000)
def _parsed(text: str) -> RenditionSpec:
    name, equals, rest = text.strip().rpartition("=")
    found = _SPEC.fullmatch(name.strip() + equals + rest.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is no rendition; say {EXAMPLES}")
    form = _form(found["form"], text)
    quality = int(found["quality"] or _QUALITIES[form])
    if not 1 <= quality <= 100:
        raise ValueError(f"{text!r}: the quality must be 1 to 100")
    box = _box(found, text)
    stem = found["stem"].replace("*", "x").replace("×", "x")
    named = found["name"] is not None
    if named:
        _check_name(found["name"], text)
    said = f"{stem}.{form}"
    return RenditionSpec(
        name=found["name"] if named else stem,
        shape=Shape(found["shape"]),
        box=box,
        form=form,
        quality=quality,
        text=f"{found['name']}={said}" if named else said,
    )


def _form(ending: str, text: str) -> Form:
    try:
        return Form("jpg" if ending == "jpeg" else ending)
    except ValueError:
        known = ", ".join(Form)
        raise ValueError(f"{text!r}: there is no .{ending}, only {known}") from None


def _box(found: re.Match[str], text: str) -> Size | None:
    shape, width, height = Shape(found["shape"]), found["width"], found["height"]
    if shape is Shape.FULL:
        if width:
            raise ValueError(f"{text!r}: full is as large as the picture; fit-{width} is at most")
        return None
    if not width:
        sides = "1200x900" if shape is Shape.PAD else "1600"
        raise ValueError(f"{text!r} says no size; say {shape}-{sides}.{found['form']}")
    if shape is Shape.SQUARE and height:
        raise ValueError(f"{text!r}: a square has one side; say pad-{width}x{height}")
    if shape is Shape.PAD and not height:
        raise ValueError(f"{text!r}: say both sides, pad-{width}x{width}, or square-{width}")
    box = Size(int(width), int(height or width))
    if not all(SIDE_MIN_PX <= side <= SIDE_MAX_PX for side in box):
        raise ValueError(f"{text!r}: a side must be {SIDE_MIN_PX} to {SIDE_MAX_PX} pixels")
    return box


def _check_name(name: str, text: str) -> None:
    """A name is a folder's, on every system."""
    if not name or len(name) > _NAME_LIMIT or safe_name(name) != name:
        raise ValueError(
            f"{text!r}: a name has 1 to {_NAME_LIMIT} letters, digits, hyphens or underscores"
        )
