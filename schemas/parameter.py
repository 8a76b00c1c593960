"""What a model's parameter may be, as data, and the check of one value."""

from __future__ import annotations

import difflib
import math
import re
from enum import StrEnum
from typing import Any

from pydantic import Field

from schemas.contract import Contract

_SIZE = re.compile(r"(\d{2,5})\s*[x*×X]\s*(\d{2,5})")
_TRUE = frozenset({"true", "yes", "1", "on"})
_FALSE = frozenset({"false", "no", "0", "off"})


class Kind(StrEnum):
    """The sort of value a parameter takes."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    SWITCH = "switch"
    CHOICE = "choice"
    SIZE = "size"


class Parameter(Contract):
    """One parameter of one model."""

    kind: Kind
    doc: str = Field(description="meaning and unit, in a sentence")
    place: str = Field(default="parameters", description="the part of the body it goes to")
    minimum: float | None = None
    maximum: float | None = None
    step: int | None = Field(default=None, description="sides of a size are multiples of this")
    choices: tuple[str, ...] = ()
    default: str | int | float | bool | None = Field(
        default=None, description="what the provider takes when it is not sent"
    )

    def allowed(self) -> str:
        """What may be written, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        span = f"{_plain(self.minimum)} to {_plain(self.maximum)}"
        if self.kind is Kind.SIZE:
            return f"a size such as 1024x1024, sides {span} in steps of {self.step}"
        words = {
            Kind.INTEGER: "a whole number",
            Kind.NUMBER: "a number",
            Kind.SWITCH: "true or false",
        }
        bounded = self.minimum is not None and self.maximum is not None
        return words.get(self.kind, "text") + (f" from {span}" if bounded else "")

    def check(self, value: Any) -> Any:
        """The value in the provider's spelling. Raises ValueError saying what is allowed."""
        return _CHECKS[self.kind](self, value)


def _integer(parameter: Parameter, value: Any) -> int:
    number = _number(parameter, value)
    if number != int(number):
        raise ValueError(f"must be {parameter.allowed()}")
    return int(number)


def _number(parameter: Parameter, value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(f"must be {parameter.allowed()}")  # noqa: TRY004 - one error type for every wrong value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"must be {parameter.allowed()}") from None
    below = parameter.minimum is not None and number < parameter.minimum
    above = parameter.maximum is not None and number > parameter.maximum
    if below or above or not math.isfinite(number):
        raise ValueError(f"must be {parameter.allowed()}")
    return number


def _text(_parameter: Parameter, value: Any) -> str:
    return str(value)


def _switch(parameter: Parameter, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"must be {parameter.allowed()}")


def _choice(parameter: Parameter, value: Any) -> str:
    word = str(value).strip()
    for candidate in (word, f"<{word}>", word.lower(), f"<{word.lower()}>"):
        if candidate in parameter.choices:
            return candidate
    raise ValueError(f"must be {parameter.allowed()}{nearest(word, parameter.choices)}")


def _size(parameter: Parameter, value: Any) -> str:
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"must be {parameter.allowed()}")
    size = f"{int(match[1])}*{int(match[2])}"
    if parameter.choices:
        if size not in parameter.choices:
            raise ValueError(f"must be {parameter.allowed()}")
        return size
    for side in (int(match[1]), int(match[2])):
        low, high, step = parameter.minimum or 0, parameter.maximum or 1e9, parameter.step or 1
        if not low <= side <= high or side % step:
            raise ValueError(f"must be {parameter.allowed()}")
    return size


def _plain(bound: float | None) -> str:
    """A bound without an exponent: 2147483647, 0.5."""
    return "any" if bound is None else f"{bound:.10f}".rstrip("0").rstrip(".")


def nearest(word: str, choices: tuple[str, ...] | list[str]) -> str:
    """A hint naming the choice most like `word`, or nothing."""
    found = difflib.get_close_matches(word.strip("<>").lower(), [c.strip("<>") for c in choices], 1)
    return f"; did you mean {found[0]}?" if found else ""


_CHECKS = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.SIZE: _size,
}
