"""Follows a batch until it is finished."""

from __future__ import annotations

from collections.abc import Callable

from ledger.batches import Batches
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.progress import Show
from schemas.batch import BatchStatus, LaneCounts
from schemas.clock import SystemClock
from schemas.states import OPEN_STATES, BatchState, JobState

LOOK_S = 0.25


class NoSuchBatch(ProducerError):
    """There is no batch of that name."""

    exit_code = ExitCode.USAGE


class WaitedTooLong(ProducerError):
    """The batch was not finished in time."""

    exit_code = ExitCode.WAITED


class LanesStopped(ProducerError):
    """Every lane that still has rows has stopped."""

    exit_code = ExitCode.SETTINGS


def all_stopped(lanes: list[LaneCounts]) -> str | None:
    """Why nothing moves any more, if every lane with unfinished rows has stopped."""
    unfinished = [lane for lane in lanes if any(lane.states[state] for state in OPEN_STATES)]
    acting = [s for s in OPEN_STATES if s is not JobState.PENDING]
    busy = any(lane.states[state] for lane in unfinished for state in acting)
    if busy or not unfinished or not all(lane.stopped for lane in unfinished):
        return None
    reasons = "; ".join(f"{lane.lane} stopped: {lane.stopped}".rstrip(".") for lane in unfinished)
    rows = sum(lane.states[JobState.PENDING] for lane in unfinished)
    return f"{reasons}. {rows} row{' waits' if rows == 1 else 's wait'}, unpaid. Put it right."


def status_of(batches: Batches, name: str) -> BatchStatus:
    """A batch's status. Raises NoSuchBatch naming those there are."""
    status = batches.status(name)
    if status is None:
        known = batches.names()
        hint = f" The newest is {known[0]}." if known else " There is none yet."
        raise NoSuchBatch(f"There is no batch {name!r}.{hint} `imagemill batches` lists them.")
    return status


def chosen(batches: Batches, name: str | None) -> str:
    """The batch that is meant: the named one, or the newest. Raises NoSuchBatch."""
    if name is not None:
        status_of(batches, name)
        return name
    known = batches.names()
    if not known:
        raise NoSuchBatch("There is no batch yet. Begin with `imagemill run MANIFEST`.")
    return known[0]


def watch(
    batches: Batches,
    name: str,
    show: Show,
    clock: SystemClock,
    *,
    timeout_s: float | None = None,
    check: Callable[[], None] = lambda: None,
) -> BatchStatus:
    """Show a batch until it is finished. Raises WaitedTooLong, and whatever `check` raises."""
    began_s = clock.monotonic_s()
    while True:
        status = status_of(batches, name)
        now_s = clock.monotonic_s()
        show(status, now_s)
        if status.state == BatchState.FINISHED:
            return status
        if timeout_s is not None and now_s - began_s > timeout_s:
            raise WaitedTooLong(
                f"{name} is not finished after {timeout_s:g} s; it goes on."
                f" `imagemill watch {name}` follows it."
            )
        check()
        clock.sleep(LOOK_S)
