"""Follows a batch until it is finished, or until only a person can make it go on."""

from __future__ import annotations

from collections.abc import Callable

from ledger.batches import Batches
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.progress import Show
from producer.standing import budget
from schemas.batch import Batch, BatchStatus, Hold, LaneCounts
from schemas.clock import SystemClock
from schemas.lane import PAUSED_BY_HAND
from schemas.states import OPEN_STATES, BatchState, JobState

LOOK_S = 0.25
PARKED_FOR_S = 2.0
"""How long nothing moves before it is said: an order that cost less than was set aside for it makes
room for the next a moment later."""


class NoSuchBatch(ProducerError):
    """There is no batch of that name."""

    exit_code = ExitCode.USAGE


class WaitedTooLong(ProducerError):
    """The batch was not finished in time."""

    exit_code = ExitCode.WAITED


class LanesStopped(ProducerError):
    """Every lane that still has rows has stopped."""

    exit_code = ExitCode.SETTINGS

    def __init__(self, why: str, go_on: str) -> None:
        """`why`: which lanes, and what is to be put right; `go_on`: what to say then."""
        super().__init__(f"{why} {go_on}")
        self.why = why


class BudgetSpent(ProducerError):
    """What is left to order does not fit into the budget."""

    exit_code = ExitCode.BUDGET


def all_stopped(lanes: list[LaneCounts]) -> list[LaneCounts]:
    """The lanes with unfinished rows, if every one has stopped of itself, so that nothing moves."""
    unfinished = _standing_still(lanes)
    return unfinished if all(lane.stopped and not lane.leaving for lane in unfinished) else []


def all_parked(lanes: list[LaneCounts]) -> bool:
    """Whether nothing moves any more, since no lane's next order fits into the budget."""
    unfinished = _standing_still(lanes)
    parked = [lane for lane in unfinished if Hold.BUDGET in lane.holds]
    return bool(parked) and all(lane in parked or lane.stopped for lane in unfinished)


def _standing_still(lanes: list[LaneCounts]) -> list[LaneCounts]:
    """The lanes with unfinished rows; none, while somebody acts on one or a person holds one."""
    unfinished = [lane for lane in lanes if any(lane.states[state] for state in OPEN_STATES)]
    for lane in unfinished:
        meant = lane.stopped == PAUSED_BY_HAND or {Hold.CANCEL, Hold.PAUSE, Hold.HOURS} & set(
            lane.holds
        )
        if meant or any(lane.states[s] for s in OPEN_STATES if s is not JobState.PENDING):
            return []
    return unfinished


def status_of(batches: Batches, name: str) -> BatchStatus:
    """A batch's status. Raises NoSuchBatch naming those there are."""
    status = batches.status(name)
    if status is None:
        raise _no_such_batch(batches, name)
    return status


def document_of(batches: Batches, name: str) -> Batch:
    """What was handed in as a batch. Raises NoSuchBatch naming those there are."""
    document = batches.document(name)
    if document is None:
        raise _no_such_batch(batches, name)
    return document


def _no_such_batch(batches: Batches, name: str) -> NoSuchBatch:
    known = batches.names()
    hint = f" The newest is {known[0]}." if known else " There is none yet."
    return NoSuchBatch(f"There is no batch {name!r}.{hint} `imagemill batches` lists them.")


def chosen(batches: Batches, name: str | None) -> str:
    """The batch that is meant: the named one, or the newest. Raises NoSuchBatch."""
    if name is not None:
        return document_of(batches, name).batch
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
    """Show a batch until it is finished.

    Raises WaitedTooLong, BudgetSpent, LanesStopped, and whatever `check` raises.
    """
    began_s = clock.monotonic_s()
    parked_since_s: float | None = None
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
        if not _parked(batches, status):
            parked_since_s = None
        elif parked_since_s is None:
            parked_since_s = now_s
        elif now_s - parked_since_s > PARKED_FOR_S:
            raise BudgetSpent(_budget_spent(status))
        check()
        stopped = _stopped(batches, status)
        if stopped:
            raise _lanes_stopped(status, stopped)
        clock.sleep(LOOK_S)


def _parked(batches: Batches, status: BatchStatus) -> bool:
    """Whether the batch's own budget is all that is in its way."""
    if not status.budgets or Hold.BUDGET not in status.state or status.in_play:
        return False
    document = batches.document(status.batch)
    return document is not None and all_parked(batches.counts(document))


def _stopped(batches: Batches, status: BatchStatus) -> list[LaneCounts]:
    """The lanes that only a person lets go on, where nothing else of the batch moves."""
    if not status.stopped or status.in_play:
        return []
    document = batches.document(status.batch)
    return [] if document is None else all_stopped(batches.counts(document))


def _lanes_stopped(status: BatchStatus, lanes: list[LaneCounts]) -> LanesStopped:
    reasons = "; ".join(f"{lane.lane} stopped: {lane.stopped}".rstrip(".") for lane in lanes)
    rows = sum(lane.states[JobState.PENDING] for lane in lanes)
    waiting = f"{rows:,} row{' waits' if rows == 1 else 's wait'}, unpaid."
    resumes = " and ".join(f"`imagemill resume {lane.lane}`" for lane in lanes)
    return LanesStopped(
        f"{reasons}. {waiting} Put it right.",
        f"Then say {resumes}; `imagemill watch {status.batch}` follows it again.",
    )


def _budget_spent(status: BatchStatus) -> str:
    rows = status.pending
    return (
        f"{status.batch} is parked: {budget(status)}, and the next order does not fit."
        f" {rows:,} row{' waits' if rows == 1 else 's wait'}, unpaid."
        f" `imagemill resume {status.batch} --budget AMOUNT` lets it go on."
    )
