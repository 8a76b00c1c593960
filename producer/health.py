"""Whether parts of a mill get on: pure judgements over what they did lately."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

LATE_S = 30.0
"""A lane is looked at every second while it has work; this late nobody does."""


class Health(NamedTuple):
    """What was found."""

    good: bool
    found: str


def judge_process(part: str, host: str, names: Collection[str]) -> Health:
    """Whether one of those that reported lately runs on this host; names are `host-pid`."""
    here = sorted(name for name in names if name.rpartition("-")[0] == host)
    if here:
        return Health(good=True, found=f"{', '.join(here)} reported within ten seconds.")
    return Health(good=False, found=f"No {part} on {host} has reported within ten seconds.")


def judge_fleet(leader: str | None, workers: Mapping[str, int], overdue_s: float) -> Health:
    """Whether work is handed out, and somebody takes it."""
    if not workers:
        return Health(good=False, found="No worker has reported within ten seconds.")
    if leader is None:
        return Health(good=False, found="Nobody leads: no work is handed out.")
    if overdue_s > LATE_S:
        return Health(
            good=False, found=f"{leader} leads, but a lane has waited {overdue_s:.0f} s for it."
        )
    return Health(good=True, found=f"{leader} leads; {len(workers)} worker(s) take work.")
