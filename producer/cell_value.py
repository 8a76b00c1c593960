"""A workbook's cell as the text that stands in it."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from producer.row import Kind

_MOST_DIGITS = 15
"""Of a number: whatever digits come after are zeros in place of those that were typed."""
_ZEROS = re.compile(r'(?:"([^"]*)")?(0+)(?:"([^"]*)")?')
"""A number format that does nothing but fill up with zeros, perhaps between fixed texts."""
_RETURN = "_x000D_"
"""How workbooks write a carriage return."""


class Value(NamedTuple):
    """A cell's text, and what it is where the text alone does not say it."""

    text: str
    kind: Kind | None = None


def value_of(raw: Any, number_format: str | None) -> Value:
    """What a cell shows: whole numbers without a point, dates as ISO 8601, codes with their zeros."""
    match raw:
        case None:
            return Value("")
        case str():
            return Value(raw.replace(_RETURN, ""))
        case bool():
            return Value("TRUE" if raw else "FALSE")
        case int() | float():
            return _number(raw, number_format)
        case datetime():
            midnight = raw.time() == time()
            return Value(raw.date().isoformat() if midnight else raw.isoformat(" "), Kind.DATE)
        case date():
            return Value(raw.isoformat(), Kind.DATE)
        case time():
            return Value(raw.isoformat("seconds").removesuffix(":00"), Kind.TIME)
        case timedelta():
            return Value(str(raw), Kind.TIME)
        case _:
            return Value(str(raw))


def _number(raw: float, number_format: str | None) -> Value:
    if not math.isfinite(raw):
        return Value(str(raw))
    if raw != int(raw):
        return Value(f"{Decimal(repr(raw)):f}")
    text = str(int(raw))
    if len(text.lstrip("-")) > _MOST_DIGITS:
        return Value(text, Kind.ROUNDED)
    zeros = _ZEROS.fullmatch(number_format or "")
    if zeros is None or raw < 0:
        return Value(text)
    before, digits, after = zeros.groups("")
    return Value(f"{before}{text.zfill(len(digits))}{after}")
