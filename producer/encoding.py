"""Which encoding a manifest is in, and where it breaks it."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable

from producer.errors import ManifestError

UTF8 = "utf-8-sig"
_MARKS = (
    # UTF-32's mark begins with UTF-16's, so it is asked first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# They write text inside other text and can yield halves of surrogate pairs, or yield nothing.
_NO_FILES = frozenset(
    {"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined"}
)


def choose_encoding(sample: bytes, said: str | None, name: str) -> str:
    """The encoding said, or marked, or else UTF-8. Raises ManifestError for what is no text."""
    if said is not None:
        return _known(said)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if sample.startswith(b"PK\x03\x04"):
        raise ManifestError(
            f"{name} is an Excel workbook or a zip archive; save the table as CSV UTF-8 first"
        )
    if b"\0" in sample:
        raise ManifestError(
            f"{name} is no text file; a manifest is CSV or JSON lines in UTF-8"
            " (for UTF-16 without a byte order mark say --encoding utf-16-le)"
        )
    return UTF8


def _known(said: str) -> str:
    unknown = ManifestError(
        f"unknown encoding {said!r}; write for example utf-8, gb18030, big5 or utf-16"
    )
    try:
        name = codecs.lookup(said.strip()).name
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # refuses what makes no text, as base64
    except (LookupError, ValueError) as error:
        raise unknown from error
    if name in _NO_FILES:
        raise unknown
    return UTF8 if name == "utf-8" else name


def undecodable(
    lines: Iterable[bytes], encoding: str, name: str, *, said: str | None
) -> ManifestError:
    """The error for bytes that are not `encoding`, naming the first of them."""
    shown = "UTF-8" if encoding == UTF8 else encoding
    where, bad_line = _first_bad(lines, "utf-8" if encoding == UTF8 else encoding)
    if said is not None:
        return ManifestError(f"{name} is not {shown}{where}; say another --encoding")
    if encoding == UTF8 and _decodes(bad_line, "gb18030"):
        return ManifestError(
            f"{name} is not UTF-8{where}; if it comes from Excel in Chinese,"
            " say --encoding gb18030, or save it as CSV UTF-8"
        )
    return ManifestError(
        f"{name} is not {shown}{where}; save it as CSV UTF-8, or say which --encoding it has,"
        " such as --encoding gb18030"
    )


def _first_bad(lines: Iterable[bytes], encoding: str) -> tuple[str, bytes]:
    if "16" in encoding or "32" in encoding:
        return ": it ends within a character or is damaged", b""  # lines cannot be told by bytes
    for number, line in enumerate(lines, 1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            value = line[error.start]
            return f": line {number}, byte {error.start + 1} is 0x{value:02X}", line
    return "", b""


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return bool(line)
