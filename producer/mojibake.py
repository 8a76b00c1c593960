"""Text that somebody read in the wrong encoding before it came here, and what it was."""

from __future__ import annotations

import re
from typing import NamedTuple

REPLACEMENT = "\ufffd"
_LOST = "锟斤拷"
"""What two replacement characters in UTF-8 look like when they are read as GBK."""


def _western(byte: int) -> str:
    """A byte as Windows reads it in Western Europe; its five gaps are control characters there."""
    return bytes((byte,)).decode("cp1252", "ignore") or chr(byte)


_BYTES = {_western(byte): byte for byte in range(0x80, 0x100)}
_WESTERN = re.compile(f"[{re.escape(''.join(_BYTES))}]{{2,}}")
_HAN_STARTS = "".join(
    bytes((lead, trail)).decode("gbk", "ignore")
    for lead in range(0xE3, 0xEA)
    for trail in range(0x80, 0xC0)
)
"""What the first two of the three bytes of a Chinese character in UTF-8 look like in GBK."""
_CHINESE = re.compile(f"[{_HAN_STARTS}][^\x00-\x7f]+")
_USUAL = re.compile(
    "[\u00a0-\u00ff\u0152\u0153\u0160\u0161\u017d\u017e\u0178\u2010-\u203a\u20ac\u2122"
    "\u3000-\u303f\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff65]+"
)
"""What people write: Western letters and signs, Chinese, Japanese, Korean."""
_HAN = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff01-\uff65]+")

SUSPECT = f"{REPLACEMENT}{_LOST[0]}{_HAN_STARTS}\x80-\xff"
"""Characters one of which any misread text has, for a class of a regular expression."""


class Misread(NamedTuple):
    """A piece of a text that is not what was written."""

    found: str
    was: str | None
    """What was written; None: nobody can tell any more."""
    how: str
    """What happened to it, as the rest of a sentence that begins with the piece."""


def misread(text: str) -> Misread | None:
    """The first piece of a text that reads like the work of a wrong encoding."""
    if REPLACEMENT in text or _LOST in text:
        found = REPLACEMENT if REPLACEMENT in text else _LOST
        how = "stands where characters were lost when a file was saved or converted"
        return Misread(found, None, how)
    for piece in _WESTERN.findall(text):
        told = _western_piece(piece)
        if told is not None:
            return told
    for piece in _CHINESE.findall(text):
        was = _utf8(piece.encode("gb18030", "ignore"))
        if len(was) > 1 and _HAN.fullmatch(was):
            return Misread(piece, was, "is UTF-8 that was opened as GBK")
    return None


def _western_piece(piece: str) -> Misread | None:
    data = bytes(_BYTES[character] for character in piece)
    was = _utf8(data)
    if len(was.encode()) == len(data) and _USUAL.fullmatch(was):
        return Misread(piece, was, "is UTF-8 that was opened as Western text")
    letters = sum(map(str.isalpha, piece))
    if len(data) < 4 or letters * 3 < len(data) or not _is_everyday_gb2312(data):
        return None
    return Misread(piece, data.decode("gb2312"), "is GBK that was opened as Western text")


def _utf8(data: bytes) -> str:
    """As much of the beginning as is UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        return data[: error.start].decode()


def _is_everyday_gb2312(data: bytes) -> bool:
    """Whether all of it is hanzi of the set's first level, the 3,755 that are used most."""
    pairs = list(zip(data[::2], data[1::2], strict=False))
    return len(data) % 2 == 0 and all(
        0xB0 <= lead <= 0xD7 and trail >= 0xA1 and (lead, trail) < (0xD7, 0xFA)
        for lead, trail in pairs
    )
