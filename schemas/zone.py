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
        hint = nearest(name, sorted(available_timezones())) or "; write one such as Asia/Shanghai"
        raise ValueError(f"{name!r} is no time zone{hint}") from error
