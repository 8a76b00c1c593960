"""Time zones by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from schemas.parameter import nearest

UTC_NAME = "UTC"


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name. Raises ValueError with the nearest one there is."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # a folder's name is an OSError
        known = sorted(zone for zone in available_timezones() if "/" in zone)
        # CST is China's, Cuba's and Chicago's: only what names a place is guessed at.
        hint = nearest(name, known) if "/" in name else ""
        hint = hint or "; write a place's, such as Asia/Shanghai"
        raise ValueError(f"{name!r} is no time zone{hint}") from error
