"""DashScope's two ways to write a moment: Beijing time as text, and epoch milliseconds."""

from __future__ import annotations

import calendar
import time

_BEIJING_S = 8 * 3600


def beijing_text(moment_s: float) -> str:
    """YYYY-MM-DD HH:mm:ss.SSS in UTC+8, as task results carry it."""
    # Milliseconds are cut, not rounded, so that .9996 does not become .1000.
    whole_s = int(moment_s)
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole_s + _BEIJING_S))
    return f"{clock}.{int((moment_s - whole_s) * 1000):03d}"


def from_compact(text: str) -> float:
    """Epoch seconds of YYYYMMDDhhmmss in UTC+8, as the task list is asked.

    Raises:
        ValueError: The text has another form.
    """
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S")) - _BEIJING_S


def milliseconds(moment_s: float) -> int:
    """Epoch milliseconds, as the task list carries them."""
    return int(moment_s * 1000)
