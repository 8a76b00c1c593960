"""The last moments before an order leaves: money, a slot, the mark, and its very moment.

Whatever takes time is done before the slot, as early as the last orders needed it.
"""

from __future__ import annotations

from typing import assert_never

from ledger.moves import Moved
from worker.held import HeldJob
from worker.outcomes import GiveBack, Lost, Outcome, Retry, Wait
from worker.paying import go_on, set_aside
from worker.policy.retrying import after_not_sent
from worker.tools import Tools

PATIENCE_S = 1.5
"""A worker sleeps this long for its slot; a longer wait is booked as the job's next moment. More than
the horizon of the dispatcher: what it hands out is slept for, even if the slots have moved a little."""
MARKS = 3
"""A slot that has moved is slept for again; one that moves so often goes to another order."""

AT_ONCE_S = 0.001
"""A mark knows its time to the millisecond only."""


def not_yet(held: HeldJob, tools: Tools) -> Outcome | None:
    """Why the order must not leave now; None: it is paid for and marked, and its slot is near."""
    too_dear = set_aside(held, tools)
    if too_dear is not None:
        return too_dear
    limits, asked_s = held.limits, tools.clock.monotonic_s()
    slot = tools.submit_bucket(held).take(
        limits.rate_per_s, limits.burst, patience_s=PATIENCE_S, order=held.claim.order
    )
    tools.metrics.slot(held.claim.lane, "orders", slot)
    if not slot.booked:
        return Wait(slot.wait_s)
    tools.lateness.heard(slot.at_s - slot.wait_s, asked_s, tools.clock.monotonic_s())
    held.leaves_s = tools.lateness.here_s(slot.at_s)
    return _marked(held, tools)


def _marked(held: HeldJob, tools: Tools) -> Outcome | None:
    for _ in range(MARKS):
        _get_up(held, tools)
        if tools.clock.interrupted:
            break
        mark = tools.mark_submitting(held)
        match mark.moved:
            case Moved.YES if not mark.copied:
                return _unsent(held, tools)
            case Moved.YES:
                at_once = mark.leaves_s - mark.at_ms / 1000 < AT_ONCE_S
                now_s = tools.clock.monotonic_s()
                held.leaves_s = now_s if at_once else tools.lateness.here_s(mark.leaves_s)
                return None
            case Moved.EARLY:
                held.leaves_s = tools.lateness.here_s(mark.leaves_s)
                if held.leaves_s > tools.clock.monotonic_s() + PATIENCE_S:
                    break
            case Moved.HELD:
                go_on(held, tools)
                break
            case Moved.LOST | Moved.LATE:
                return Lost("the claim was lost, or held up too long, before anything was sent")
            case never:
                assert_never(never)
    return GiveBack(refund=False)


def _unsent(held: HeldJob, tools: Tools) -> Retry:
    """It is marked on one server only, and another may lead next: it stays here."""
    troubles = held.troubles + 1
    wait_s = after_not_sent(troubles, tools.chance()).wait_s
    why = "no replica of the Redis server acknowledged the order's mark; is one connected?"
    return Retry(wait_s, refund=True, troubles=troubles, why=why)


def _get_up(held: HeldJob, tools: Tools) -> None:
    held.up_s = held.leaves_s - tools.lateness.lead_s()
    wait_s = held.up_s - tools.clock.monotonic_s()
    if wait_s > 0:
        tools.clock.sleep(wait_s)
    else:
        held.up_s = tools.clock.monotonic_s()


def may_leave(held: HeldJob, tools: Tools) -> bool:
    """Asked when nothing but the request itself is missing: waits for its moment, and says whether
    so little time has passed since the mark that nobody else settled the order."""
    if held.left_s is None:
        ready_s = tools.clock.monotonic_s()
        tools.lateness.ready(ready_s - held.up_s)
        if ready_s < held.leaves_s:
            tools.clock.sleep(held.leaves_s - ready_s)
        held.left_s = tools.clock.monotonic_s()
    return tools.may_send(held)


def left_at_s(held: HeldJob, tools: Tools) -> float:
    """When an order that is answered just now may have left at the latest, on the ledger's clock."""
    if held.left_s is None:
        return 0.0
    answer_s = tools.clock.monotonic_s() - held.left_s
    late_s = tools.lateness.answered(str(held.lane), answer_s)
    return tools.lateness.there_s(held.left_s + late_s)
