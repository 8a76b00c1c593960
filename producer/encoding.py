"""Which encoding a manifest is in, and where it breaks it."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from producer.errors import ManifestError
from producer.plausibility import CANDIDATES, Reading, decoded, plausible_readings
from producer.problem import shown
from schemas.fields import is_field

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
_TITLES = {UTF8: "UTF-8", **{each.encoding: each.title for each in CANDIDATES}}
_CELL_ENDS = str.maketrans(dict.fromkeys(';\t|"\r\n', ","))
_HEADER_LINES = 5
"""One of them names the columns, below a title or two."""


class Origin(StrEnum):
    """Why a manifest is read in its encoding."""

    SAID = "said"
    """`--encoding` names it."""
    MARKED = "marked"
    """Its first bytes do."""
    USUAL = "usual"
    """It is UTF-8, as far as its first lines tell."""
    GUESSED = "guessed"
    """It is no UTF-8, and reads like text in this one alone."""


class Encoding(NamedTuple):
    """An encoding, as Python names it, and why it is the one."""

    name: str
    origin: Origin

    @property
    def shown(self) -> str:
        """As people write it."""
        return _TITLES.get(self.name) or self.name.upper()


def certain_encoding(start: bytes, said: str | None, name: str) -> Encoding | None:
    """The encoding said or marked; None where only the text can tell.

    Raises ManifestError for what is no text.
    """
    if said is not None:
        return Encoding(_known(said), Origin.SAID)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return Encoding(encoding, Origin.MARKED)
    if b"\0" in start:
        order = "be" if start[:1] == b"\0" else "le"
        raise ManifestError(
            f"{name} is no text file; a manifest is CSV or JSON lines in UTF-8"
            f" (for UTF-16 without a byte order mark say --encoding utf-16-{order})"
        )
    return None


def told_encoding(lines: Sequence[bytes]) -> Encoding | list[Reading]:
    """What the lines that are more than ASCII tell: an encoding, or those it may be."""
    if decoded(lines, "utf-8") is not None:
        return Encoding(UTF8, Origin.USUAL)
    readings = plausible_readings(lines)
    if len(readings) > 1:
        # A header that says what we know says so in one encoding only.
        readings = [reading for reading in readings if _names_fields(reading)] or readings
    if len(readings) == 1:
        return Encoding(readings[0].encoding, Origin.GUESSED)
    return readings


def _names_fields(reading: Reading) -> bool:
    cells = "".join(reading.lines[:_HEADER_LINES]).translate(_CELL_ENDS).split(",")
    return any(is_field(cell) for cell in cells if not cell.isascii())


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


def undecided(lines: Iterable[bytes], readings: Sequence[Reading], name: str) -> ManifestError:
    """The error for bytes that are no UTF-8, where several encodings make sense of them, or none."""
    where = _first_bad(lines, "utf-8")
    if not readings:
        return ManifestError(
            f"{name} is not UTF-8{where}; save it as CSV UTF-8, or say which --encoding it has,"
            " such as gb18030, big5 or cp1252"
        )
    ways = [
        f'--encoding {reading.encoding} if "{_shown_line(reading)}" is right'
        for reading in readings
    ]
    return ManifestError(
        f"{name} is not UTF-8{where}, and could be several others: say {', '.join(ways)}"
    )


def _shown_line(reading: Reading) -> str:
    return shown(reading.lines[0].strip())


def undecodable(lines: Iterable[bytes], encoding: Encoding, name: str) -> ManifestError:
    """The error for bytes that are not in `encoding`, naming the first of them."""
    where = _first_bad(lines, "utf-8" if encoding.name == UTF8 else encoding.name)
    what = f"{name} is not {'UTF-8' if encoding.name == UTF8 else encoding.name}{where}"
    match encoding.origin:
        case Origin.SAID:
            return ManifestError(f"{what}; say another --encoding")
        case Origin.GUESSED:
            return ManifestError(
                f"{what}, although its lines above read like it; save it as CSV UTF-8,"
                " or say which --encoding it has"
            )
        case Origin.MARKED | Origin.USUAL:
            return ManifestError(
                f"{what}; save it as CSV UTF-8, or say which --encoding it has,"
                " such as --encoding gb18030"
            )


def _first_bad(lines: Iterable[bytes], encoding: str) -> str:
    if "16" in encoding or "32" in encoding:
        return ": it ends within a character or is damaged"  # lines cannot be told by bytes
    for number, line in enumerate(lines, 1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            value = line[error.start]
            return f": line {number}, byte {error.start + 1} is 0x{value:02X}"
    return ""
