"""Follows a batch until it is finished."""

from __future__ import annotations

from collections.abc import Callable

from ledger.batches import Batches
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.progress import Show
from schemas.batch import BatchStatus
from schemas.clock import SystemClock
from schemas.states import BatchState

LOOK_S = 0.25


class NoSuchBatch(ProducerError):
    """There is no batch of that name."""

    exit_code = ExitCode.USAGE


class WaitedTooLong(ProducerError):
    """The batch was not finished in time."""

    exit_code = ExitCode.WAITED


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
    still_alive: Callable[[], None] = lambda: None,
) -> BatchStatus:
    """Show a batch until it is finished. Raises WaitedTooLong; the batch goes on."""
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
        still_alive()
        clock.sleep(LOOK_S)
