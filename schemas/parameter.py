"""What a model's parameter may be, as data, and the check of one value."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field

from schemas.contract import Contract
from schemas.picture_rule import PictureRule
from schemas.size import Size, allowed_range, ranged, ratio_among, within

_TRUE = frozenset({"true", "yes", "1", "on", "是"})
_FALSE = frozenset({"false", "no", "0", "off", "否"})
_URL_SAFE = "%:/?#[]@!$&'()*+,;=~-._"
_BLANK = re.compile(r"\s")


class Kind(StrEnum):
    """The sort of value a parameter takes."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    SWITCH = "switch"
    CHOICE = "choice"
    SIZE = "size"
    RATIO = "ratio"
    """Width to height, one of the choices: 16:9, or a size of that ratio."""
    PICTURE = "picture"
    """A public URL, a local file, or s3://bucket/key."""
    PICTURES = "pictures"
    """Several of them: a JSON list, or parted by | in a cell."""
    TEXTS = "texts"
    """Several texts: a JSON list, or parted by | in a cell."""
    STRUCTURE = "structure"
    """A JSON list or object, as the provider describes it."""


class Parameter(Contract):
    """One parameter of one model: a field of its request, and a column of a manifest."""

    kind: Kind
    doc: str = Field(description="meaning and unit, in a sentence")
    place: str = Field(
        default="parameters",
        description="the object of the body it goes to, dots between levels; empty: the body itself",
    )
    sent_as: str | None = Field(default=None, description="its name there, where it is another")
    also: tuple[str, ...] = Field(
        default=(), description="further columns that mean it, e.g. size for an aspect ratio"
    )
    required: bool = Field(default=False, description="whether a row must have it")
    minimum: float | None = Field(default=None, description="of a number, or of a size's sides")
    maximum: float | None = Field(default=None, description="of a number, or of a size's sides")
    step: int | None = Field(default=None, description="sides or an integer are multiples of it")
    min_pixels: int | None = Field(default=None, description="of a size: width x height")
    max_pixels: int | None = Field(default=None, description="of a size: width x height")
    max_ratio: float | None = Field(default=None, description="of a size: long side : short side")
    max_length: int | None = Field(default=None, description="characters of a text")
    min_items: int | None = Field(default=None, description="of several")
    max_items: int | None = Field(default=None, description="of several")
    choices: tuple[str, ...] = Field(
        default=(), description="of a size: sizes and names taken beside the range, if there is one"
    )
    separator: Literal["*", "x"] = Field(default="*", description="between a size's sides")
    split: bool = Field(
        default=False, description="a size is sent as two whole numbers, width and height"
    )
    picture: PictureRule | None = Field(default=None, description="what its pictures must be")
    default: str | int | float | bool | None = Field(
        default=None, description="what the provider takes when it is not sent"
    )
    source: str | None = Field(
        default=None, description="the vendor document, where it is not the model's own"
    )

    @property
    def takes_pictures(self) -> bool:
        """Whether its values are pictures."""
        return self.kind in (Kind.PICTURE, Kind.PICTURES)

    def allowed(self) -> str:
        """What may be written, in words."""
        return _allowed(self)

    def check(self, value: Any) -> Any:
        """The value in the provider's spelling. Raises ValueError saying what is allowed.

        Of a picture only the form is looked at here: a URL comes back percent-encoded, anything
        else as it was written.
        """
        return _CHECKS[self.kind](self, value)


def _allowed(parameter: Parameter) -> str:
    if parameter.kind is Kind.SIZE and ranged(parameter):
        named = f" or one of {', '.join(parameter.choices)}" if parameter.choices else ""
        return allowed_range(parameter) + named
    if parameter.choices:
        return "one of " + ", ".join(parameter.choices)
    if parameter.takes_pictures:
        what = parameter.picture.allowed() if parameter.picture else "a picture"
        return f"{_items(parameter)}{what}" if parameter.kind is Kind.PICTURES else what
    words = {
        Kind.INTEGER: "a whole number",
        Kind.NUMBER: "a number",
        Kind.SWITCH: "true or false",
        Kind.TEXTS: f"{_items(parameter)}texts",
        Kind.STRUCTURE: "a JSON list or object",
    }
    text = words.get(parameter.kind, "text")
    if parameter.max_length is not None:
        text += f" of at most {parameter.max_length} characters"
    return text + _span(parameter) + (f" in steps of {parameter.step}" if parameter.step else "")


def _span(parameter: Parameter) -> str:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        return f" from {_plain(low)} to {_plain(high)}"
    if low is not None:
        return f" of at least {_plain(low)}"
    return "" if high is None else f" of at most {_plain(high)}"


def _items(parameter: Parameter) -> str:
    if parameter.max_items is None:
        return "a list: "
    return f"a list of {parameter.min_items or 1} to {parameter.max_items}: "


def _refuse(parameter: Parameter, hint: str = "") -> ValueError:
    return ValueError(f"must be {parameter.allowed()}{hint}")


def _integer(parameter: Parameter, value: Any) -> int:
    number = _number(parameter, value)
    if number != int(number) or (parameter.step and number % parameter.step):
        raise _refuse(parameter)
    return int(number)


def _number(parameter: Parameter, value: Any) -> float:
    if isinstance(value, bool):
        raise _refuse(parameter)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _refuse(parameter) from None
    below = parameter.minimum is not None and number < parameter.minimum
    above = parameter.maximum is not None and number > parameter.maximum
    if below or above or not math.isfinite(number):
        raise _refuse(parameter)
    return number


def _text(parameter: Parameter, value: Any) -> str:
    if isinstance(value, list | dict):
        raise _refuse(parameter)
    text = str(value)
    if parameter.max_length is not None and len(text) > parameter.max_length:
        raise _refuse(parameter, f"; it has {len(text)}")
    return text


def _switch(parameter: Parameter, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise _refuse(parameter)


def _choice(parameter: Parameter, value: Any) -> str:
    word = str(value).strip()
    for choice in parameter.choices:
        # Angle brackets get lost on the way through spreadsheets and web pages.
        if word.casefold() in (choice.casefold(), choice.strip("<>").casefold()):
            return choice
    raise _refuse(parameter, nearest(word, parameter.choices))


def _size(parameter: Parameter, value: Any) -> str:
    text = str(value).strip()
    for choice in parameter.choices:
        if choice.casefold() == text.casefold():
            return choice
    size = Size.parse(text)
    if size is None:
        raise _refuse(parameter, nearest(text, parameter.choices))
    spelled = f"{size.width}{parameter.separator}{size.height}"
    if spelled in parameter.choices or (ranged(parameter) and within(size, parameter)):
        return spelled
    raise _refuse(parameter)


def _ratio(parameter: Parameter, value: Any) -> str:
    ratio = ratio_among(str(value), parameter.choices)
    if ratio is not None:
        return ratio
    raise _refuse(parameter)


def _picture(_parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a picture: a public URL, a local file, or s3://bucket/key")
    text = value.strip()
    if not text.lower().startswith(("http://", "https://")):
        return text
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        host = ""
    if not host or _BLANK.search(parts.netloc):
        raise ValueError("is no address of a picture; write https://host/path")
    # Providers take ASCII only; what is escaped already stays as it is, byte for byte.
    netloc = (
        parts.netloc if parts.netloc.isascii() else parts.netloc.replace(parts.hostname or "", host)
    )
    rest = text.split(parts.netloc, 1)[1]
    return f"{parts.scheme}://{netloc}{quote(rest, safe=_URL_SAFE)}"


def _pictures(parameter: Parameter, value: Any) -> list[str]:
    return [_picture(parameter, entry) for entry in _several(parameter, value)]


def _texts(parameter: Parameter, value: Any) -> list[str]:
    entries = _several(parameter, value)
    if not all(isinstance(entry, str) for entry in entries):
        raise _refuse(parameter)
    return entries


def _several(parameter: Parameter, value: Any) -> list[Any]:
    if isinstance(value, str):
        text = value.strip()
        parted = [part.strip() for part in text.split("|")]
        value = (
            _json(parameter, text) if text.startswith("[") else [part for part in parted if part]
        )
    if not isinstance(value, list):
        raise _refuse(parameter)
    least, most = parameter.min_items or 1, parameter.max_items
    if len(value) < least or (most is not None and len(value) > most):
        raise _refuse(parameter, f"; there are {len(value)}")
    return value


def _structure(parameter: Parameter, value: Any) -> Any:
    found = _json(parameter, value) if isinstance(value, str) else value
    if not isinstance(found, list | dict):
        raise _refuse(parameter)
    return found


def _json(parameter: Parameter, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _refuse(parameter) from None


def _plain(bound: float) -> str:
    """A bound without an exponent: 2147483647, 0.5."""
    return f"{bound:.10f}".rstrip("0").rstrip(".")


def nearest(word: str, choices: Sequence[str]) -> str:
    """A hint naming the choice most like `word`, or nothing."""
    plain = {choice.strip("<>").casefold(): choice for choice in choices}
    found = difflib.get_close_matches(word.strip("<>").casefold(), list(plain), 1)
    return f"; did you mean {plain[found[0]].strip('<>')}?" if found else ""


_CHECKS = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.SIZE: _size,
    Kind.RATIO: _ratio,
    Kind.PICTURE: _picture,
    Kind.PICTURES: _pictures,
    Kind.TEXTS: _texts,
    Kind.STRUCTURE: _structure,
}
