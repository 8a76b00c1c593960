"""Writes labels into a picture's file: nothing is decoded, and no pixel changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from results.labels.container import Container, NoRoom
from results.labels.jpeg import read_jpeg
from results.labels.marks import TC260, Marks, Property
from results.labels.packet import Unlabelled, extended, new_packet
from results.labels.png import read_png
from results.labels.svg import labelled_svg
from results.labels.webp import read_webp
from results.svg import SVG_TYPE

READERS: dict[str, Callable[[bytes], Container]] = {
    "image/png": read_png,
    "image/jpeg": read_jpeg,
    "image/webp": read_webp,
}
"""By content type; an SVG is text, and read as such."""


class Labelled(NamedTuple):
    """A file with its labels."""

    file: bytes
    """The very one that was given, where it had all of them."""
    seal_broken: bool
    """Its C2PA manifest is there untouched, but speaks of the file without the labels."""


def labelled(file: bytes, content_type: str, marks: Marks) -> Labelled:
    """The file with those marks it lacks; what its provider wrote is kept, and counts.

    Labelled again it stays as it is. Raises Unlabelled for a file that cannot be labelled, which is
    one that is damaged, or metadata that nobody can read.
    """
    if content_type == SVG_TYPE:
        return Labelled(labelled_svg(file, (*marks.labels, *marks.parameters)), seal_broken=False)
    if content_type not in READERS:
        raise Unlabelled(f"there is no label for {content_type}")
    container = READERS[content_type](file)
    labels = [
        one for one in marks.labels if not (container.aigc_elsewhere and one.namespace == TC260)
    ]
    if container.sealed and _spliced(file, container, labels) is file:
        return Labelled(file, seal_broken=False)  # parameters alone are not worth a broken seal
    try:
        found = _spliced(file, container, [*labels, *marks.parameters])
    except NoRoom:
        found = _spliced(file, container, labels)
    return Labelled(found, seal_broken=container.sealed and found is not file)


def _spliced(file: bytes, container: Container, properties: Sequence[Property]) -> bytes:
    if not properties:
        return file
    if container.packet is None:
        return container.splice(new_packet(properties))
    packet = extended(container.packet, properties)
    return file if packet is container.packet else container.splice(packet)


def read_metadata(file: bytes, content_type: str) -> Container:
    """What a file has of metadata. Raises Unlabelled for one that is damaged, or of another form."""
    if content_type not in READERS:
        raise Unlabelled(f"there is no label for {content_type}")
    return READERS[content_type](file)
