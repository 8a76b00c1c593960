"""The way of one job, top to bottom: submit, poll, store.

A step is handed a job under a claim, does one thing, and says how it ended. It writes nothing to
the ledger but the submitting mark: recording.py writes the outcome, if the claim still holds.
"""

from __future__ import annotations

from typing import assert_never

from schemas.failure import ErrorClass, Failure
from schemas.states import JobState
from worker.held import HeldJob
from worker.outcomes import Drawn, Ended, GiveBack, Lost, Outcome, Retry, StoreLater, Ticketed, Wait
from worker.policy.polling import lost, next_poll_s, overdue
from worker.policy.retrying import (
    DEFAULT_ATTEMPTS,
    GiveUp,
    RetryLater,
    StopLane,
    Throttle,
    Uncertain,
    after_failure,
    after_not_sent,
    backoff_s,
)
from worker.providers.port import (
    Accepted,
    Done,
    NotSent,
    Refused,
    RemotePicture,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    Unanswered,
)
from worker.storing import store_pictures
from worker.tools import Tools

PATIENCE_S = 1.0
"""A worker sleeps this long for its slot; a longer wait is booked as the job's next moment."""


def submit(held: HeldJob, tools: Tools) -> Outcome:
    """Released: wait for our slot, mark, order the pictures once, and say what came of it."""
    provider = tools.provider(held)  # before the mark: where there is none, nothing was sent
    slot = tools.submit_bucket(held).take(
        held.limits.rate_per_s, held.limits.burst, patience_s=PATIENCE_S
    )
    if not slot.booked:
        return Wait(slot.wait_s)
    tools.clock.sleep(slot.wait_s)
    if tools.clock.interrupted:
        return GiveBack(refund=False)
    if not tools.mark_submitting(held):
        return Lost("the claim was lost, or held up too long, before anything was sent")

    match provider.submit(held.job, held.model):
        case Accepted(ticket):
            return Ticketed(ticket, _first_poll_s(held, tools))
        case Done() as done:
            return _drawn_at_once(held, _drawn(done), tools)
        case NotSent(reason):
            later = after_not_sent(held.troubles + 1, tools.chance())
            refund = not later.spends_attempt
            return Retry(later.wait_s, refund=refund, troubles=held.troubles + 1, why=reason)
        case Refused(failure, retry_after_s):
            return _refused(held, failure, retry_after_s, tools)
        case Unanswered(reason):
            return _uncertain(held, reason, tools)
        case never:
            assert_never(never)


def poll(held: HeldJob, tools: Tools) -> Outcome:
    """Running: ask the provider how the task is, and never let a refused question end the job."""
    provider = tools.provider(held)
    slot = tools.poll_bucket(held).take(tools.query_rate_per_s(held), 1, patience_s=PATIENCE_S)
    if not slot.booked:
        return Wait(slot.wait_s, held.troubles)
    tools.clock.sleep(slot.wait_s)

    match provider.poll(held.ticket):
        case StillRunning():
            late = overdue(held.elapsed_s)
            return _failed(held, late, tools) if late else Wait(_next_poll_s(held, tools))
        case Done() as done:
            return _drawn(done)
        case TaskFailed(failure):
            return _task_failed(held, failure, tools)
        case TaskUnknown():
            gone = lost(held.elapsed_s)
            return _failed(held, gone, tools) if gone else _look_again(held, tools)
        case Refused(failure, retry_after_s):
            return _question_refused(held, failure, retry_after_s, tools)
        case NotSent() | Unanswered():
            return _look_again(held, tools)
        case never:
            assert_never(never)


def store(held: HeldJob, tools: Tools) -> Outcome:
    """Storing: fetch what the provider drew, check it, and put it where it belongs."""
    return store_pictures(held, Drawn(held.pictures(), held.failures()), tools)


def submit_interrupted(held: HeldJob, tools: Tools) -> Outcome:
    """Submitting, but whoever sent it is gone: the answer was lost, and nobody knows what it was."""
    return _uncertain(held, "the worker that sent this order ended before the answer came", tools)


def poisoned(held: HeldJob, tools: Tools) -> Outcome:
    """Handed out again and again without any outcome: no further worker is risked."""
    if held.record.state is JobState.SUBMITTING:
        return submit_interrupted(held, tools)
    failure = Failure(
        error_class=ErrorClass.POISON,
        code="poison",
        message=f"handed to workers {held.record.fields.get('handouts')} times without any outcome",
    )
    return _failed(held, failure, tools)


def _drawn_at_once(held: HeldJob, drawn: Drawn, tools: Tools) -> Outcome:
    """A synchronous provider's pictures: addresses are written down first, bytes are stored now.

    Bytes are nowhere but in this process, so it tries until it has stored them or must end.
    """
    if all(isinstance(picture, RemotePicture) for picture in drawn.pictures):
        return drawn
    outcome = store_pictures(held, drawn, tools)
    while isinstance(outcome, StoreLater):
        tools.clock.sleep(outcome.delay_s)
        outcome = store_pictures(held, drawn, tools, last_try=tools.clock.interrupted)
    return outcome


def _refused(held: HeldJob, failure: Failure, retry_after_s: float | None, tools: Tools) -> Outcome:
    match after_failure(failure, held.record.attempts, tools.chance(), retry_after_s):
        case Throttle(pause_s):
            return GiveBack(refund=True, throttled_s=pause_s)
        case StopLane():
            return GiveBack(refund=True, stop_lane=failure)
        case RetryLater(wait_s, spends_attempt):
            return Retry(wait_s, refund=not spends_attempt)
        case GiveUp(state):
            return _failed(held, failure, tools, state)
        case Uncertain():
            return _uncertain(held, failure.message, tools)
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
            return _failed(held, failure, tools, state)
        case Uncertain():
            return _failed(held, failure, tools)
        case never:
            assert_never(never)


def _question_refused(
    held: HeldJob, failure: Failure, retry_after_s: float | None, tools: Tools
) -> Outcome:
    """The question was refused, not the task: the ticket stays, and is asked for again."""
    match after_failure(failure, 1, tools.chance(), retry_after_s):
        case Throttle(pause_s):
            tools.poll_bucket(held).slow_down(pause_s)
            return Wait(pause_s, held.troubles)
        case StopLane():
            tools.stop_lane(held, failure)
        case RetryLater() | GiveUp() | Uncertain():
            pass
        case never:
            assert_never(never)
    return _look_again(held, tools)


def _drawn(done: Done) -> Drawn:
    return Drawn(done.pictures, done.failures, done.actual_prompt, done.took_s)


def _look_again(held: HeldJob, tools: Tools) -> Wait:
    return Wait(backoff_s(held.troubles + 1, tools.chance()), held.troubles + 1)


def _first_poll_s(held: HeldJob, tools: Tools) -> float:
    return next_poll_s(0.0, held.record.learned, held.model.typical_s, tools.chance())


def _next_poll_s(held: HeldJob, tools: Tools) -> float:
    return next_poll_s(held.elapsed_s, held.record.learned, held.model.typical_s, tools.chance())


def _failed(
    held: HeldJob, failure: Failure, tools: Tools, state: JobState = JobState.FAILED
) -> Ended:
    """The end without (more) pictures: what is stored is kept, what was drawn was paid for."""
    kept, paid = held.images(), len(held.pictures())
    state = JobState.PARTIAL if kept else state
    now = tools.clock.now()
    return Ended(held.result(state, now, images=kept, failures=(failure,), charged=paid))


def _uncertain(held: HeldJob, reason: str, tools: Tools) -> Ended:
    failure = Failure(error_class=ErrorClass.AMBIGUOUS, code="unanswered", message=reason)
    return Ended(held.result(JobState.UNCERTAIN, tools.clock.now(), failures=(failure,)))
