"""Is it an SVG, whole and harmless to read? Nothing is drawn, fetched or expanded.

An SVG is a document that may hold scripts, so it is recognised and kept, and never shown by us:
a bucket hands it out as an attachment, and the contact sheet has a card without a picture.
"""

from __future__ import annotations

import re
from xml.parsers import expat

SVG_TYPE = "image/svg+xml"
SVG_LIMIT_BYTES = 8 * 1024 * 1024
"""Reading takes time and a few times the memory; vector models answer with some 100 KB."""
_SIDE_LIMIT = 1_000_000
_ROOT = "http://www.w3.org/2000/svg svg"
_LENGTH = re.compile(r"\s*\+?([0-9]{1,7}(?:\.[0-9]{0,9})?)\s*(?:px)?\s*")
_BETWEEN_NUMBERS = re.compile(r"[\s,]+")


class NotAnSvg(Exception):
    """Markup that is no whole SVG; the message says what is wrong."""


def svg_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as the root says them, (0, 0) where it does not.

    Raises NotAnSvg for other markup, and for an SVG that is cut off, too large or declares entities
    (a few of which unfold into gigabytes).
    """
    if len(data) > SVG_LIMIT_BYTES:
        raise NotAnSvg(f"{len(data):,} bytes of markup, more than {SVG_LIMIT_BYTES:,}")
    root = _Root()
    # Whatever the document says of its encoding: Python's codecs are not a stranger's to choose from.
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = root.begin
    parser.EntityDeclHandler = root.refuse_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if root.attributes is None:
            raise NotAnSvg("a page of markup, not a picture") from error
        raise NotAnSvg(f"a damaged SVG: {error}") from error
    return _size(root.attributes or {})


class _Root:
    """Looks at the first element alone."""

    def __init__(self) -> None:
        self.attributes: dict[str, str] | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self.attributes is None:
            if name != _ROOT:
                raise NotAnSvg("a page of markup, not a picture")
            self.attributes = attributes

    def refuse_entity(self, *_: object) -> None:
        raise NotAnSvg("an SVG that declares entities")


def _size(attributes: dict[str, str]) -> tuple[int, int]:
    said = [_LENGTH.fullmatch(attributes.get(name, "")) for name in ("width", "height")]
    numbers = [found[1] for found in said if found]
    if len(numbers) < 2:
        view = _BETWEEN_NUMBERS.split(attributes.get("viewBox", "").strip())
        numbers = [side for side in view[2:] if _LENGTH.fullmatch(side)] if len(view) == 4 else []
    sides = [round(float(number)) for number in numbers]
    if len(sides) < 2 or max(sides) > _SIDE_LIMIT:
        return 0, 0
    return sides[0], sides[1]
