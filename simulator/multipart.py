"""Reads multipart/form-data (RFC 7578) strictly: what a browser or an HTTP library writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_NAME = re.compile(rb'\bname="([^"]*)"', re.IGNORECASE)
_FILE_NAME = re.compile(rb'\bfilename="([^"]*)"', re.IGNORECASE)


class BadMultipart(ValueError):
    """The body is no multipart/form-data, or is cut short."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form."""

    name: str
    content: bytes
    file_name: str | None = None
    """None for a field that is no file."""

    @property
    def text(self) -> str:
        """The content as text; what is no UTF-8 is replaced."""
        return self.content.decode(errors="replace")


def read_multipart(content_type: str | None, body: bytes) -> list[Part]:
    """The fields of a form, in their order.

    Raises:
        BadMultipart: The header names no boundary, or the body does not follow it.
    """
    found = _BOUNDARY.match(content_type or "")
    if found is None:
        raise BadMultipart("the content type is no multipart/form-data with a boundary")
    mark = b"--" + (found[1] or found[2]).encode("latin-1")
    sections = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise BadMultipart("the body does not end with its boundary")
    return [_part(section) for section in sections[1:-1]]


def _part(section: bytes) -> Part:
    head, separator, content = section.partition(b"\r\n\r\n")
    name = _NAME.search(_disposition(head))
    if not separator or name is None:
        raise BadMultipart("a part has no name")
    file_name = _FILE_NAME.search(_disposition(head))
    return Part(
        name=name[1].decode(errors="replace"),
        content=content,
        file_name=None if file_name is None else file_name[1].decode(errors="replace"),
    )


def _disposition(head: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-disposition:"):
            # The file's name may hold name="..." itself, but it comes after the field's.
            return line
    return b""
