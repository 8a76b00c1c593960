"""How fast a batch goes, and when it will be done: figures from snapshots, without a clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from schemas.batch import BatchStatus

LOOK_BACK_S = 60.0


@dataclass(frozen=True)
class Figures:
    """What the panel says beside the counts."""

    images_per_min: float
    remaining_s: float | None
    """None: too early to tell, or nothing moves."""


class Pace:
    """Remembers the last minute of a batch."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()

    def see(self, status: BatchStatus, now_s: float) -> Figures:
        """Take one more snapshot, and say how things stand."""
        self._seen.append((now_s, status.ended, status.images))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > LOOK_BACK_S:
            self._seen.popleft()
        began_s, ended, images = self._seen[0]
        elapsed_s = now_s - began_s
        if elapsed_s <= 0:
            return Figures(0.0, None)
        jobs_per_s = (status.ended - ended) / elapsed_s
        remaining = (status.total - status.ended) / jobs_per_s if jobs_per_s > 0 else None
        return Figures((status.images - images) / elapsed_s * 60, remaining)


def duration(seconds: float) -> str:
    """A time span for people: `42 s`, `3 min 5 s`, `2 h 10 min`."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
