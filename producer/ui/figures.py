"""What the pages show of batches and lanes, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.batch import BatchStatus, LaneCounts
from schemas.lane import PAUSED_BY_HAND, LaneStatus
from schemas.states import ENDED_STATES, JobState

IN_MOTION = (JobState.STORING, JobState.RUNNING, JobState.SUBMITTING, JobState.RELEASED)


@dataclass(frozen=True)
class Bar:
    """A part of the bar that shows how far a batch is."""

    state: JobState
    start: float
    """Per cent of the whole."""
    width: float


def bars(counts: Mapping[str, int], total: int) -> list[Bar]:
    """The bar's parts: what has ended, then what is in motion; the rest waits."""
    found, start = [], 0.0
    for state in (*ENDED_STATES, *IN_MOTION):
        width = 100 * counts.get(state, 0) / max(total, 1)
        if width:
            found.append(Bar(state, round(start, 3), round(width, 3)))
            start += width
    return found


def counts_of(status: BatchStatus) -> dict[str, int]:
    """Jobs by state."""
    return {str(state): int(getattr(status, state)) for state in JobState}


def lane_counts(lane: LaneCounts) -> dict[str, int]:
    """The same of a batch in one lane."""
    return {str(state): lane.states.get(state, 0) for state in JobState}


def states_found(lanes: Sequence[LaneCounts]) -> list[str]:
    """The states in which a batch has any job."""
    return [str(state) for state in JobState if any(lane.states.get(state) for lane in lanes)]


def percent(part: float, whole: float) -> int:
    """How much of something is used; never more than all of it."""
    return min(round(100 * part / whole), 100) if whole > 0 else 0


@dataclass(frozen=True)
class LaneUse:
    """How much of its limits a lane uses."""

    status: LaneStatus
    rate: int
    """Per cent."""
    window: int


def use_of(lane: LaneStatus) -> LaneUse:
    """How much of its limits a lane uses."""
    return LaneUse(
        lane,
        rate=percent(lane.leaving_per_s, lane.limits.rate_per_s),
        window=percent(lane.in_play, lane.limits.window),
    )


def to_do(status: BatchStatus) -> list[tuple[str, str]]:
    """What a person can do: the word for it, and the command that does it."""
    name = status.batch
    if status.state != "finished":
        said = {
            "paused": ("todo_resume", f"imagemill resume {name}"),
            "parked: budget": ("todo_budget", f"imagemill resume {name} --budget AMOUNT"),
        }
        found = [said[status.state]] if status.state in said else []
        for lane, why in status.stopped.items():
            word = "todo_resume" if why == PAUSED_BY_HAND else "todo_lane"
            found.append((word, f"imagemill resume {lane}"))
        return found
    found = []
    if status.failed or status.partial:
        found.append(("todo_retry", f"imagemill retry {name}"))
    if status.uncertain:
        found.append(("todo_uncertain", f"imagemill retry {name} --uncertain"))
    if status.cancelled:
        found.append(("todo_cancelled", f"imagemill retry {name} --cancelled"))
    return found
