"""How long something is valid, as people write it."""

from __future__ import annotations

import re

_LIFETIME = re.compile(r"(?P<count>[0-9]{1,9})\s*(?P<unit>s|m|min|h|d)", re.ASCII)
_UNIT_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def parse_lifetime(text: str, most_s: float) -> float:
    """Seconds from `7d`, `12h` or `30min`. Raises ValueError with what to write instead."""
    match = _LIFETIME.fullmatch(text.strip().lower())
    if match is None or int(match["count"]) == 0:
        raise ValueError(f"{text!r} is no time; write a number and a unit: 7d, 12h, 30min")
    lifetime_s = int(match["count"]) * _UNIT_S[match["unit"]]
    if lifetime_s > most_s:
        raise ValueError(
            f"{text!r} is too long; {most_s / _UNIT_S['d']:g}d is the most there can be"
        )
    return float(lifetime_s)
