"""Questions to a provider that order nothing: paced by the account's own bucket, never an end."""

from __future__ import annotations

from typing import assert_never

from worker.held import HeldJob
from worker.outcomes import Ticketed, Wait
from worker.policy.looking import interval_s
from worker.policy.polling import backstop_s, next_poll_s
from worker.policy.retrying import (
    GiveUp,
    RetryLater,
    StopLane,
    Throttle,
    Uncertain,
    after_failure,
    backoff_s,
)
from worker.providers.port import NotSent, Refused, Unanswered
from worker.tools import Tools

PATIENCE_S = 1.0
"""A worker sleeps this long for its slot; a longer wait is booked as the job's next moment."""
CROWD_MOST_S = 15.0
"""Tasks that compete for the account's queries come back within the time these take, or this."""


def wait_for_turn(held: HeldJob, tools: Tools) -> Wait | None:
    """Sleep until the account may ask; a Wait where that takes too long for sleeping."""
    rate_per_s = tools.query_rate_per_s(held)
    slot = tools.poll_bucket(held).take(rate_per_s, 1, patience_s=PATIENCE_S)
    tools.metrics.slot(held.claim.lane, "queries", slot)
    if not slot.booked:
        # All that wait would come back at one moment, and nearly all in vain.
        crowd_s = min(held.record.looks.running / rate_per_s, CROWD_MOST_S)
        return Wait(slot.wait_s + crowd_s * tools.chance(), held.troubles)
    tools.clock.sleep(slot.wait_s)
    return None


def unheard(answer: Refused | NotSent | Unanswered, held: HeldJob, tools: Tools) -> Wait:
    """The question was not answered, which says nothing about the order: asked again later."""
    if not isinstance(answer, Refused):
        return look_again(held, tools)
    match after_failure(answer.failure, 1, tools.chance(), answer.retry_after_s):
        case Throttle(pause_s):
            tools.poll_bucket(held).slow_down(pause_s)
            return Wait(pause_s, held.troubles)
        case StopLane():
            tools.stop_lane(held, answer.failure)
        case RetryLater() | GiveUp() | Uncertain():
            pass
        case never:
            assert_never(never)
    return look_again(held, tools)


def look_again(held: HeldJob, tools: Tools) -> Wait:
    """After a while, the longer the more looks in a row have failed."""
    return Wait(backoff_s(held.troubles + 1, tools.chance()), held.troubles + 1)


def ticketed(held: HeldJob, ticket: str, tools: Tools) -> Ticketed:
    """The order was taken: it is looked at by itself, or with all the lane's tasks at once."""
    looks, record = held.record.looks, held.record
    look_in_s = None
    if not (looks.trusted or looks.barred):
        rate_per_s = tools.query_rate_per_s(held)
        look_in_s = interval_s(looks.running + 1, record.learned, 1, rate_per_s, looking=False)
    alone_s = next_poll_s(0.0, record.learned, held.model.typical_s, tools.chance())
    backstop = None
    if looks.trusted or look_in_s is not None:
        backstop = backstop_s(0.0, record.learned, tools.chance())
    return Ticketed(ticket, alone_s, look_in_s=look_in_s, relying_s=backstop)


def still_running(held: HeldJob, tools: Tools) -> Wait:
    """The task is looked at again: by itself, or much later while the list is looked at."""
    learned, elapsed_s = held.record.learned, held.elapsed_s
    backstop = None
    if held.record.looks.trusted and not held.brought_forward:
        backstop = backstop_s(elapsed_s, learned, tools.chance())
    alone_s = next_poll_s(elapsed_s, learned, held.model.typical_s, tools.chance())
    return Wait(alone_s, runs=True, relying_s=backstop)
