"""Which encoding bytes that are no UTF-8 are in: those that can be, and in which they read well.

Almost any bytes are valid in some of them, so that validity alone tells little. Each encoding is
asked what its own people write with it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

_SIGNS = re.compile("[\u00b0\u00b1\u00b7\u00d7\u2010-\u2044\u20ac\u2103\u2460-\u2473\u3000-\u301f]")
_WIDE = re.compile("[\uff01-\uff5e\uffe0-\uffe6]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_PAIR = re.compile("[\u2e80-\uffef]{2}")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_FREQUENT_HANGUL = frozenset(
    "이다는에을하의가고지로한은도를사기리서아자인정대나시그어전일라수해있부제과보으마여스장들것구조주오만원면동모요치무상진거"
    "음계우신비안공니게소내와성드트말세유히연경실중물미생적화문선개방용바러까속었았같때없더위"
)
"""A Korean text is half of them; what only looks like Korean has hardly any."""

_ACCENTED = re.compile("[^\x00-\x7f\u00aa\u00b5\u00ba\u00d7\u00f7]")
_ALPHABETS = (
    "äöüßé",  # German
    "àâæçéèêëîïôœùûüÿ",  # French
    "áéíóúñüçïàèò",  # Spanish, Catalan
    "áàâãçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "áéíóúèëïöüê",  # Dutch
    "åäöæøéü",  # Danish, Norwegian, Swedish, Finnish
)
"""The letters a page of one language has; letters of several tell that it is not Western at all."""
_MARKS = "\u00a1-\u00a3\u00a5\u00a7\u00a9\u00aa\u00ae\u00b0-\u00b5\u00ba\u00bc-\u00be\u00d7\u00f7\u2022\u2030\u20ac"
_ODD_IN_WESTERN = re.compile(
    "[\u00a4\u00a6\u00a8\u00ac-\u00ad\u00af\u00b6\u00b8\u00b9\u0192\u02c6\u02dc\u2020\u2021]"
    "|[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]{3,}"
    "|[a-z][\u00c0-\u00d6\u00d8-\u00de]"
    f"|[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff][{_MARKS}]"
    f"|[{_MARKS}][\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]"
)
"""What stands in no Western text: signs nobody uses, or signs and capitals within words."""


class Candidate(NamedTuple):
    """An encoding and whether a text in it is one that people would write."""

    encoding: str
    title: str
    is_plausible: Callable[[str], bool]


class Reading(NamedTuple):
    """An encoding that bytes may be in, and what they say then."""

    encoding: str
    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.lines)


def decoded(lines: Iterable[bytes], encoding: str) -> tuple[str, ...] | None:
    """The lines in that encoding; None where a single byte of them is not.

    A line without an end may be cut short within a character.
    """
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        return tuple(decoder().decode(line, line.endswith(b"\n")) for line in lines)
    except UnicodeDecodeError:
        return None


def plausible_readings(lines: Sequence[bytes]) -> list[Reading]:
    """Every encoding in which lines that are more than ASCII read like somebody's text."""
    found = []
    for candidate in CANDIDATES:
        texts = decoded(lines, candidate.encoding)
        if texts is not None and candidate.is_plausible("".join(texts)):
            found.append(Reading(candidate.encoding, candidate.title, texts))
    if any(reading.encoding == WESTERN for reading in found):
        # A byte of Western text takes the letter behind it along, so that no two hanzi meet.
        found = [each for each in found if each.encoding == WESTERN or _PAIR.search(each.text)]
    return found


def _is_mainland_chinese(text: str) -> bool:
    """Everyday hanzi, those of Taiwan among them since GB18030 has both."""
    return _mostly(text, lambda each: _is_gb_everyday(each) or _is_big5_everyday(each), 0.75)


def _is_taiwan_chinese(text: str) -> bool:
    return _mostly(text, _is_big5_everyday, 0.9)


def _is_japanese(text: str) -> bool:
    kana = len(_KANA.findall(text))
    return kana * 7 >= _beyond_ascii(text) and _mostly(
        text, lambda each: bool(_KANA.match(each)) or _is_jis_everyday(each), 0.9
    )


def _is_korean(text: str) -> bool:
    hangul = _HANGUL.findall(text)
    frequent = sum(each in _FREQUENT_HANGUL for each in hangul)
    return len(hangul) > 0.9 * _beyond_ascii(text) and frequent * 4 >= len(hangul)


def _is_western(text: str) -> bool:
    beyond, odd = _beyond_ascii(text), len(_ODD_IN_WESTERN.findall(text))
    letters = [each.lower() for each in _ACCENTED.findall(text) if each.isalpha()]
    strange = min(sum(each not in known for each in letters) for known in _ALPHABETS)
    return beyond > 0 and odd * 50 <= beyond and strange * 10 <= len(letters)


def _mostly(text: str, is_usual: Callable[[str], bool], share: float) -> bool:
    beyond = [each for each in text if each > "\x7f"]
    return bool(beyond) and sum(map(is_usual, beyond)) >= share * len(beyond)


def _beyond_ascii(text: str) -> int:
    return sum(each > "\x7f" for each in text)


def _is_gb_everyday(each: str) -> bool:
    """A sign, or a hanzi of GB 2312's first level: the 3,755 most used."""
    return _is_sign(each) or b"\xb0\xa1" <= _pair(each, "gb2312") <= b"\xd7\xf9"


def _is_big5_everyday(each: str) -> bool:
    """A sign, or a hanzi of Big5's first level: the 5,401 most used."""
    return _is_sign(each) or b"\xa4\x40" <= _pair(each, "cp950") <= b"\xc6\x7e"


def _is_jis_everyday(each: str) -> bool:
    """A sign, or a kanji of JIS X 0208's first level."""
    return _is_sign(each) or b"\x88\x9f" <= _pair(each, "cp932") <= b"\x98\x72"


def _is_sign(each: str) -> bool:
    return bool(_SIGNS.match(each) or _WIDE.match(each))


def _pair(each: str, encoding: str) -> bytes:
    """Its two bytes; none where the encoding has no two for it."""
    data = each.encode(encoding, "ignore")
    return data if len(data) == 2 else b""


WESTERN = "cp1252"
CANDIDATES = (
    Candidate("gb18030", "GB18030", _is_mainland_chinese),
    Candidate("cp950", "Big5", _is_taiwan_chinese),
    Candidate("cp932", "Shift JIS", _is_japanese),
    Candidate("cp949", "Korean", _is_korean),
    Candidate(WESTERN, "Windows-1252", _is_western),
)
"""What spreadsheets write on Windows where they do not write Unicode."""
