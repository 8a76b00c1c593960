"""XMP in an SVG: in a metadata element (SVG 1.1, section 21), beside what lies there already."""

from __future__ import annotations

from collections.abc import Sequence

from results.labels.marks import Property
from results.labels.packet import (
    EMPTY_META,
    description,
    inserted,
    lacking,
    meta,
    opened,
    read_properties,
)

_SVG = "http://www.w3.org/2000/svg"
EMPTY_METADATA = f'<metadata xmlns="{_SVG}">'.encode() + EMPTY_META + b"</metadata>"
"""What is put into a document that has no metadata, without its properties."""


def labelled_svg(document: bytes, properties: Sequence[Property]) -> bytes:
    """The document with those of the properties that it lacks. Raises Unlabelled."""
    reading = read_properties(document)
    missing = lacking(reading, properties)
    if not missing:
        return document
    if reading.rdf_start is not None:
        return inserted(document, reading, _ascii(description(missing, reading.about)))
    element = f'<metadata xmlns="{_SVG}">{meta(missing)}</metadata>'
    return opened(document, reading.root_start, _ascii(element))


def _ascii(markup: str) -> bytes:
    """Right in whatever encoding the document says it has."""
    return markup.encode("ascii", "xmlcharrefreplace")
