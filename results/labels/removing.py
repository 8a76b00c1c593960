"""Takes labels of ours out of a picture's file again, so that it can be labelled anew."""

from __future__ import annotations

import re

from results.labels.marks import IPTC_EXT, OWN, TC260
from results.labels.packet import EMPTY_PACKET, RDF
from results.labels.svg import EMPTY_METADATA
from results.labels.writing import READERS
from results.svg import SVG_TYPE

_SPACES = {"Iptc4xmpExt": IPTC_EXT, "TC260": TC260, "imagemill": OWN}
_PREFIX = "|".join(_SPACES)
_DECLARED = "|".join(re.escape(f'xmlns:{prefix}="{uri}"') for prefix, uri in _SPACES.items())
_OURS = re.compile(
    (
        f'<rdf:Description xmlns:rdf="{re.escape(RDF)}"'
        f""" rdf:about=(?:"[^"]*"|'[^']*')(?: (?:{_DECLARED}))+>\\n"""
        f"(?:<({_PREFIX}):([A-Za-z0-9]+)>[^<]*</\\1:\\2>\\n)+"
        "</rdf:Description>"
    ).encode()
)
"""What `packet.description` writes, and hardly anybody else: the order of its attributes, its lines."""


def without_labels(file: bytes, content_type: str) -> bytes:
    """The file without what was written into it last; itself where nothing of ours is in it.

    No pixel changes, and what its provider wrote stays; mostly it is the provider's file again, byte
    for byte. Raises Unlabelled for metadata that nobody can read.
    """
    if content_type == SVG_TYPE:
        return _without_the_last(file).replace(EMPTY_METADATA, b"")
    if content_type not in READERS:
        return file
    container = READERS[content_type](file)
    if container.packet is None:
        return file
    packet = _without_the_last(container.packet)
    if packet == container.packet:
        return file
    return container.splice(None if packet == EMPTY_PACKET else packet)


def _without_the_last(document: bytes) -> bytes:
    found = list(_OURS.finditer(document))
    return document[: found[-1].start()] + document[found[-1].end() :] if found else document
