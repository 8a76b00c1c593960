"""Nobody knows what became of an order: the policy says whether a person decides, or we order again."""

from __future__ import annotations

from schemas.failure import ErrorClass, Failure
from schemas.states import JobState
from worker.held import HeldJob
from worker.outcomes import Ended, Retry
from worker.policy.retrying import DEFAULT_ATTEMPTS
from worker.tools import Tools

RESUBMIT = "resubmit"
SENDER_GONE = "the worker that sent this order ended before the answer came"


def give_up(held: HeldJob, why: str, tools: Tools) -> Ended | Retry:
    """Uncertain, or once more where `on_uncertain = "resubmit"` accepts that it may be paid twice."""
    policy = tools.settings.on_uncertain(held.lane)
    if policy == RESUBMIT and held.record.attempts < DEFAULT_ATTEMPTS and not held.record.cancelled:
        return Retry(0.0, resubmitted=True)
    lost = held.record.fields.get("lost_why") or SENDER_GONE
    message = f"{lost}; {why}"
    failure = Failure(error_class=ErrorClass.AMBIGUOUS, code="unanswered", message=message)
    return Ended(
        held.result(
            JobState.UNCERTAIN,
            tools.clock.now(),
            images=held.images(),
            failures=(failure,),
            at_risk=True,
        )
    )
