"""XMP: a new packet, or one that is there already with more in it (ISO 16684-1, section 7).

What is there stays as it is, byte for byte: a further rdf:Description is put at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from results.labels.marks import Property

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PACKET_LIMIT_BYTES = 4 * 1024 * 1024
"""What is larger is not read: packets have a few KB."""
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAG = re.compile(rb"""<(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_END = '\n<?xpacket end="w"?>'


class Unlabelled(Exception):
    """A picture that cannot be labelled and stays as it is; the message says why."""


class Reading(NamedTuple):
    """What XML tells of the properties in it."""

    root_start: int
    """Where the first element begins; places are in bytes."""
    rdf_start: int | None
    """Where rdf:RDF begins; None: there is none."""
    rdf_close: int
    """Where its closing tag begins, if it has one."""
    about: str
    """What its properties are about: empty, or a name that all of them share."""
    names: frozenset[tuple[str, str]]
    """Namespace and name of every property."""


def read_properties(document: bytes) -> Reading:
    """Find the properties in a packet, or in a document that holds one. Raises Unlabelled."""
    finder = _Finder()
    try:
        finder.parser.Parse(document, True)
    except expat.ExpatError as error:
        raise Unlabelled(f"its metadata cannot be read: {error}") from error
    return finder.reading()


def new_packet(properties: Iterable[Property]) -> bytes:
    """A packet as it stands in a file by itself, UTF-8."""
    return f"{_BEGIN}{meta(properties)}{_END}".encode()


def meta(properties: Iterable[Property]) -> str:
    """The packet's element."""
    return _framed(description(properties))


def _framed(element: str) -> str:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f"{element}</rdf:RDF></x:xmpmeta>"
    )


EMPTY_META = _framed("").encode()
"""What `meta` makes, without its properties."""
EMPTY_PACKET = f"{_BEGIN}{_framed('')}{_END}".encode()
"""What `new_packet` makes, without its properties."""


def extended(packet: bytes, properties: Iterable[Property]) -> bytes:
    """The packet with those of the properties that it lacks; itself where it lacks none.

    Raises Unlabelled.
    """
    if len(packet) > PACKET_LIMIT_BYTES:
        raise Unlabelled(f"its XMP packet has {len(packet):,} bytes")
    whole = packet.rstrip(b"\0")  # some writers end it like a string of C
    reading = read_properties(whole)
    missing = lacking(reading, properties)
    if not missing:
        return packet
    if reading.rdf_start is None:
        raise Unlabelled("its XMP packet has no rdf:RDF")
    return inserted(whole, reading, description(missing, reading.about).encode())


def lacking(reading: Reading, properties: Iterable[Property]) -> list[Property]:
    """Those of the properties that are not there."""
    return [one for one in properties if (one.namespace, one.name) not in reading.names]


def description(properties: Iterable[Property], about: str = "") -> str:
    """Properties as an element; it declares every prefix it uses."""
    properties = list(properties)
    spaces = {one.prefix: one.namespace for one in properties}
    declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in spaces.items())
    lines = [
        f"<{one.prefix}:{one.name}>{escape(one.value)}</{one.prefix}:{one.name}>"
        for one in properties
    ]
    return "\n".join(
        [
            f'<rdf:Description xmlns:rdf="{RDF}" rdf:about={quoteattr(about)}{declared}>',
            *lines,
            "</rdf:Description>",
        ]
    )


def inserted(document: bytes, reading: Reading, element: bytes) -> bytes:
    """The document with one element more at the end of its rdf:RDF."""
    if reading.rdf_start is None:
        raise ValueError("there is no rdf:RDF")
    end = tag_end(document, reading.rdf_start)
    if document[end - 2 : end] == b"/>":
        return opened(document, reading.rdf_start, element)
    return document[: reading.rdf_close] + element + document[reading.rdf_close :]


def opened(document: bytes, start: int, element: bytes) -> bytes:
    """The document with one element more right behind the tag that begins at `start`."""
    end = tag_end(document, start)
    if document[end - 2 : end] != b"/>":
        return document[:end] + element + document[end:]
    name = document[start + 1 : end - 2].split(maxsplit=1)[0]
    return document[: end - 2] + b">" + element + b"</" + name + b">" + document[end:]


def tag_end(document: bytes, start: int) -> int:
    """Where a tag that begins at `start` is over; its attributes may hold the sign for that."""
    tag = _TAG.match(document, start)
    if tag is None:
        raise ValueError("no tag begins there")
    return tag.end()


class _Finder:
    """Looks at elements as they come; nothing is expanded, fetched or remembered whole."""

    def __init__(self) -> None:
        # Whatever it says of its encoding: Python's codecs are not a stranger's to choose from.
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._refuse
        self._depth = 0
        self._root_start = 0
        self._rdf_start: int | None = None
        self._rdf_depth = 0
        self._rdf_close = 0
        self._about: str | None = None
        self._names: set[tuple[str, str]] = set()

    def reading(self) -> Reading:
        about, names = self._about or "", frozenset(self._names)
        return Reading(self._root_start, self._rdf_start, self._rdf_close, about, names)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self._root_start = self.parser.CurrentByteIndex
        if self._rdf_start is None and name == f"{RDF} RDF":
            self._rdf_start, self._rdf_depth = self.parser.CurrentByteIndex, self._depth
        elif self._rdf_depth and self._depth == self._rdf_depth + 1:
            if self._about is None:
                self._about = attributes.get(f"{RDF} about", attributes.get("about"))
            self._names.update(map(_parted, attributes))
        elif self._rdf_depth and self._depth == self._rdf_depth + 2:
            self._names.add(_parted(name))

    def _end(self, _name: str) -> None:
        if self._depth == self._rdf_depth:
            self._rdf_close, self._rdf_depth = self.parser.CurrentByteIndex, 0
        self._depth -= 1

    def _refuse(self, *_: object) -> None:
        raise Unlabelled("its metadata declares entities")


def _parted(name: str) -> tuple[str, str]:
    space, _, local = name.rpartition(" ")
    return space, local
