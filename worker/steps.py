"""The way of one job, top to bottom: submit, poll, store.

A step is handed a job under a claim, does one thing, and says how it ended. It writes nothing to
the ledger but the submitting mark: recording.py writes the outcome, if the claim still holds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.states import JobState
from worker.addressing import NotNow, Unusable, addressed
from worker.asking import look_again, still_running, ticketed, unheard, wait_for_turn
from worker.departing import left_at_s, may_leave, not_yet
from worker.drawing import placed, store_at_once
from worker.held import HeldJob, count_images
from worker.outcomes import (
    AnswerLost,
    Drawn,
    Ended,
    GiveBack,
    Outcome,
    Retry,
    Wait,
)
from worker.policy.polling import lost, overdue
from worker.policy.retrying import (
    DEFAULT_ATTEMPTS,
    GiveUp,
    RetryLater,
    StopLane,
    Throttle,
    Uncertain,
    after_failure,
    after_not_sent,
)
from worker.providers.port import (
    Accepted,
    Done,
    NotSent,
    Refused,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    TooLate,
    Unanswered,
    Withdrawn,
)
from worker.reconciling import find_lost_order, remember
from worker.storing import store_pictures
from worker.tools import Tools
from worker.undecided import give_up

CANCEL_TRIES = 3
"""A task whose cancelling is not answered so often in a row is left to be drawn."""
MAYBE_DRAWN = frozenset({ErrorClass.LOST, ErrorClass.TIMEOUT, ErrorClass.POISON})


def submit(held: HeldJob, tools: Tools) -> Outcome:
    """Released: clear everything, order the pictures once, and say what came of it."""
    provider = tools.provider(held)  # before the mark: where there is none, nothing was sent
    order = addressed(held.order, held.model, tools)
    if not isinstance(order, Job):
        return _without_pictures(held, order, tools)
    kept_back = not_yet(held, tools)
    if kept_back is not None:
        return kept_back

    match provider.submit(order, held.model, may_send=lambda: may_leave(held, tools)):
        case Accepted(ticket):
            taken = ticketed(held, ticket, tools)
            return replace(taken, left_at_s=left_at_s(held, tools))
        case Done() as done:
            return store_at_once(held, placed(held, done), tools)
        case NotSent(reason):
            return _try_again(held, reason, tools, refund=True)
        case Refused(failure, retry_after_s):
            return _refused(held, failure, retry_after_s, tools)
        case Unanswered(reason):
            return _answer_lost(held, reason, tools)
        case never:
            assert_never(never)


def _without_pictures(held: HeldJob, why: Unusable | NotNow, tools: Tools) -> Outcome:
    """The order needs pictures that cannot be given to the provider: nothing was marked or sent."""
    match why:
        case Unusable(failure):
            return _failed(held, failure, tools)
        case NotNow(reason):
            return _try_again(held, reason, tools, refund=False)
        case never:
            assert_never(never)


def _try_again(held: HeldJob, reason: str, tools: Tools, *, refund: bool) -> Retry:
    """Nothing was sent, so nothing is spent; `refund` where the order was marked already."""
    later = after_not_sent(held.troubles + 1, tools.chance())
    return Retry(later.wait_s, refund=refund, troubles=held.troubles + 1, why=reason)


def poll(held: HeldJob, tools: Tools) -> Outcome:
    """Running: ask the provider how the task is, and never let a refused question end the job."""
    provider = tools.provider(held)
    waiting = wait_for_turn(held, tools)
    if waiting is not None:
        return waiting
    if held.record.cancelled and not held.too_late_to_cancel:
        return _cancel(held, tools)

    match provider.poll(held.ticket):
        case StillRunning():
            late = overdue(held.elapsed_s)
            return _failed(held, late, tools) if late else still_running(held, tools)
        case Done() as done:
            return placed(held, done)
        case TaskFailed(failure):
            return _task_failed(held, failure, tools)
        case TaskUnknown():
            gone = lost(held.elapsed_s)
            return _failed(held, gone, tools) if gone else look_again(held, tools)
        case Refused() | NotSent() | Unanswered() as answer:
            return unheard(answer, held, tools)
        case never:
            assert_never(never)


def store(held: HeldJob, tools: Tools) -> Outcome:
    """Storing: fetch what the provider drew, check it, and put it where it belongs."""
    drawn = Drawn(held.pictures(), held.failures(), facts=held.facts, charged=held.charged)
    return store_pictures(held, drawn, tools)


def reconcile(held: HeldJob, tools: Tools) -> Outcome:
    """Submitting, but the answer was lost: the provider's task list says what became of it."""
    return find_lost_order(held, tools)


def cancel(held: HeldJob, tools: Tools) -> Ended:
    """Pending, and its batch is cancelled: it ends with what it has."""
    failure = Failure(error_class=ErrorClass.CANCELLED, code="cancelled", message="withdrawn")
    return _failed(held, failure, tools, JobState.CANCELLED)


def poisoned(held: HeldJob, tools: Tools) -> Outcome:
    """Taken up again and again without any outcome: no further worker is risked."""
    if held.record.state is JobState.SUBMITTING:
        tools.provider(held)  # where there is none, somebody else may have one
        remember(held, tools)
        return give_up(held, "nobody could find out what became of it", tools)
    failure = Failure(
        error_class=ErrorClass.POISON,
        code="poison",
        message=f"taken up by workers {held.record.takes - 1} times without any outcome",
    )
    return _failed(held, failure, tools)


def _refused(held: HeldJob, failure: Failure, retry_after_s: float | None, tools: Tools) -> Outcome:
    match after_failure(failure, held.record.attempts, tools.chance(), retry_after_s):
        case Throttle(pause_s, rest_s):
            return GiveBack(refund=True, throttled_s=pause_s, rest_s=rest_s)
        case StopLane():
            return GiveBack(refund=True, stop_lane=failure)
        case RetryLater(wait_s, spends_attempt):
            return Retry(wait_s, refund=not spends_attempt, why=failure.message)
        case GiveUp(state):
            return _unrewritten(held, failure) or _failed(held, failure, tools, state)
        case Uncertain():
            return _answer_lost(held, failure.message, tools)
        case never:
            assert_never(never)


def _task_failed(held: HeldJob, failure: Failure, tools: Tools) -> Outcome:
    """The task ended without a picture; a failed task is not billed, so ordering again is safe."""
    if held.asked_again or held.record.attempts >= DEFAULT_ATTEMPTS:
        return _failed(held, failure, tools)
    match after_failure(failure, held.record.attempts, tools.chance()):
        case Throttle(wait_s) | RetryLater(wait_s):
            return Retry(wait_s)
        case StopLane():
            return GiveBack(refund=True, stop_lane=failure)
        case GiveUp(state):
            return _unrewritten(held, failure) or _failed(held, failure, tools, state)
        case Uncertain():
            return _failed(held, failure, tools)
        case never:
            assert_never(never)


def _unrewritten(held: HeldJob, failure: Failure) -> Retry | None:
    """Once more with the prompt as it is: what offended may be what the provider made of it.

    (Model Studio: error codes, IPInfringementSuspect.)
    """
    if failure.error_class is ErrorClass.MODERATED and held.rewrites:
        return Retry(0.0, unrewritten=True)
    return None


def _cancel(held: HeldJob, tools: Tools) -> Outcome:
    """What still waits at the provider is cancelled; what is drawn is paid for, and stored."""
    answer = tools.provider(held).cancel(held.ticket)
    match answer:
        case Withdrawn():
            return cancel(held, tools)
        case TooLate():
            return Wait(0.0, too_late_to_cancel=True)
        case Refused() | NotSent() | Unanswered():
            later = unheard(answer, held, tools)
            # Its pictures matter more: they would expire while it is asked to cancel them.
            return replace(later, too_late_to_cancel=later.troubles >= CANCEL_TRIES)
        case never:
            assert_never(never)


def _failed(
    held: HeldJob, failure: Failure, tools: Tools, state: JobState = JobState.FAILED
) -> Ended:
    """The end without (more) pictures: what is stored is kept, what was drawn was paid for."""
    kept = held.images()
    paid = count_images(held.pictures()) if held.charged is None else held.charged
    state = JobState.PARTIAL if kept else state
    # A task that was lost, late or never asked to its end may yet be drawn, and billed.
    at_risk = failure.error_class in MAYBE_DRAWN and bool(held.ticket) and not paid
    result = held.result(
        state,
        tools.clock.now(),
        images=kept,
        failures=(failure,),
        charged=paid,
        at_risk=at_risk,
    )
    return Ended(result)


def _answer_lost(held: HeldJob, reason: str, tools: Tools) -> AnswerLost:
    settle_s = tools.account(held).settle_s
    return AnswerLost(reason, tools.since_mark_s(held), look_in_s=settle_s)
