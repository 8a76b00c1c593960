"""How far a place's clocks are from UTC: where its days begin."""

from __future__ import annotations

import re

_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-5][0-9])")
_WESTERNMOST_S, _EASTERNMOST_S = -12 * 3600, 14 * 3600


def parse_utc_offset(text: str) -> int:
    """Seconds east of UTC from `+08:00`. Raises ValueError with the form expected."""
    match = _OFFSET.fullmatch(text.strip())
    if match is not None:
        distance_s = int(match["hours"]) * 3600 + int(match["minutes"]) * 60
        offset_s = distance_s if match["sign"] == "+" else -distance_s
        if _WESTERNMOST_S <= offset_s <= _EASTERNMOST_S:
            return offset_s
    raise ValueError(
        f"{text!r} is no offset from UTC; write one from -12:00 to +14:00, like +08:00"
    )
