"""Writes how a step ended into the ledger: the one place that matches outcomes."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from typing import assert_never

from ledger.moves import Move, Moved
from schemas.failure import Failure
from schemas.result import Image
from schemas.states import JobState
from worker.held import HeldJob
from worker.outcomes import (
    AnswerLost,
    AskAgain,
    Drawn,
    Ended,
    GiveBack,
    Lost,
    Outcome,
    Retry,
    StoreLater,
    Ticketed,
    TooDear,
    Wait,
)
from worker.paying import park, settle, settle_unknown
from worker.policy.looking import hold_s, told_late
from worker.providers.port import Picture, RemotePicture
from worker.tools import Tools

log = logging.getLogger(__name__)

Fields = dict[str, str | int | float]


def record(held: HeldJob, outcome: Outcome, tools: Tools, *, goes_on: bool = False) -> Moved:
    """Move the job to where the outcome says, if the claim still holds.

    `goes_on`: whoever holds it takes the next step at once, and keeps the claim for it. What a
    provider said of the whole lane holds whoever heard it, so a late writer still tells.
    """
    if isinstance(outcome, Lost):
        return Moved.LOST
    _tell_lane(held, outcome, tools)  # first: what is written relies on it
    if isinstance(outcome, Retry) and outcome.resubmitted:
        settle_unknown(held, tools)
    move = _move(held, outcome)
    if goes_on:
        lease_s = tools.settings.worker.lease_s
        move = replace(move, goes_on=True, delay_s=lease_s, relying_s=None)
    moved = tools.ledger.jobs.move(held.claim, held.record.chunk, move)
    if moved is Moved.YES:
        _after(held, outcome, tools)
        if goes_on:
            held.follow(move)
    elif isinstance(outcome, Ticketed):
        moved = _bring_ticket_home(held, outcome, tools)
    return moved


def _tell_lane(held: HeldJob, outcome: Outcome, tools: Tools) -> None:
    match outcome:
        case Ticketed(look_in_s=float(look_in_s)):
            tools.ledger.looks.begin(str(held.lane), look_in_s, hold_s(look_in_s))
        case GiveBack(throttled_s=throttled_s, rest_s=rest_s, stop_lane=stop_lane):
            if throttled_s is not None:
                _slow_down(held, throttled_s, rest_s, tools)
            if stop_lane is not None:
                tools.stop_lane(held, stop_lane)
        case TooDear():
            park(held, outcome, tools)
        case Retry(why=str(why)) | AnswerLost(why):
            _count_fault(held, why, tools)
        case _:
            pass


def _slow_down(held: HeldJob, pause_s: float, rest_s: float | None, tools: Tools) -> None:
    bucket = tools.submit_bucket(held)
    if rest_s is None or not bucket.widen_margin(held.claim.order, rest_s):
        bucket.slow_down(pause_s)
    tools.ledger.lanes.count(str(held.lane), "throttled")


def _after(held: HeldJob, outcome: Outcome, tools: Tools) -> None:
    match outcome:
        case Drawn():
            _judge_list(held, outcome, tools)
        case Wait(runs=True) if held.brought_forward:
            tools.ledger.looks.count(str(held.lane), "false_alarms", 1)
        case Ended(result):
            settle(held, result, tools)
        case Ticketed(found=True) | Retry(absent=True):
            tools.ledger.tickets.settle(str(held.lane), held.order_mark)
        case _:
            pass


def _count_fault(held: HeldJob, why: str, tools: Tools) -> None:
    """Orders that go wrong one after the other open the lane's breaker."""
    lane = str(held.lane)
    faults, open_s = tools.ledger.lanes.count_fault(lane)
    if open_s:
        why = f"{faults} orders in a row went wrong ({why}); one is tried every {open_s:.0f} s"
    tools.ledger.lanes.note_trouble(lane, why, open_s)


def _bring_ticket_home(held: HeldJob, taken: Ticketed, tools: Tools) -> Moved:
    """A ticket is a fact, whoever brings it: it counts while nobody else settled the same request."""
    found = tools.ledger.jobs.peek(held.claim)
    same = found is not None and found.fields.get("submitting_ms") == held.record.fields.get(
        "submitting_ms"
    )
    if found is not None and same and found.state is JobState.SUBMITTING:
        claim = held.claim._replace(number=found.claim)
        move = Move(
            JobState.SUBMITTING, JobState.RUNNING, ticket=taken.ticket, fields=_taken(taken)
        )
        if tools.ledger.jobs.move(claim, found.chunk, move) is Moved.YES:
            tools.ledger.tickets.settle(str(held.lane), held.order_mark)
            return Moved.YES
    # Whoever reconciled it may have found the very ticket, and be long done with it.
    if not tools.ledger.tickets.known(str(held.lane), [taken.ticket]):
        extra = {"batch": held.claim.batch, "job": held.claim.job, "ticket": taken.ticket}
        log.error("ticket.orphaned", extra=extra)
    return Moved.LOST


def _took_s(held: HeldJob, drawn: Drawn) -> float:
    # Our own looks are always late: a lane that learned from them would look ever later.
    took_s = held.elapsed_s if drawn.took_s is None else drawn.took_s
    # What is asked for again was learned from before, and an answer at once says nothing.
    return 0.0 if held.asked_again else max(took_s, 0.0)


def _judge_list(held: HeldJob, drawn: Drawn, tools: Tools) -> None:
    """Whether the provider's list told of this end, and in time; a list that does is trusted more."""
    looks, lane = held.record.looks, str(held.lane)
    if held.brought_forward:
        for figure, wrong in (("false_alarms", looks.false_alarms), ("missed", looks.missed)):
            if wrong:
                tools.ledger.looks.count(lane, figure, -1)
        return
    if drawn.took_s is None or looks.looked_ago_s is None or not looks.trusted:
        return
    if told_late(held.elapsed_s - drawn.took_s, looks.looked_ago_s):
        tools.ledger.looks.count(lane, "missed", 1)


def _move(held: HeldJob, outcome: Outcome) -> Move:
    state = held.record.state
    match outcome:
        case Ticketed(ticket, next_poll_s):
            return Move(
                state,
                JobState.RUNNING,
                delay_s=next_poll_s,
                relying_s=outcome.relying_s,
                ticket=ticket,
                left_at_s=outcome.left_at_s,
                fields=_taken(outcome),
            )
        case Wait() | AnswerLost():
            return _stay(held, outcome)
        case TooDear() | GiveBack() | Retry():
            return _back(held, outcome)
        case Drawn():
            took_s, fields = _took_s(held, outcome), _drawn_fields(outcome)
            return Move(state, JobState.STORING, took_s=took_s, fields=fields)
        case StoreLater(delay_s):
            return Move(state, JobState.STORING, delay_s=delay_s, fields=_kept_fields(outcome))
        case AskAgain(images):
            again: Fields = {"asked_again": 1, "troubles": 0, "images": _images_json(images)}
            return Move(state, JobState.RUNNING, fields=again)
        case Ended(result):
            return Move(
                state,
                result.state,
                images=len(result.images),
                cost_micro=result.cost_micro,
                at_risk_micro=result.at_risk_micro,
                fields={"result": result.model_dump_json()},
            )
        case Lost():
            raise ValueError("a lost claim moves nothing")
        case never:
            assert_never(never)


def _stay(held: HeldJob, outcome: Wait | AnswerLost) -> Move:
    state = held.record.state
    if isinstance(outcome, AnswerLost):
        lost: Fields = {"lost_why": outcome.why, "lost_after_ms": int(outcome.after_s * 1000)}
        return Move(state, state, delay_s=outcome.look_in_s, fields={**lost, "troubles": 0})
    waited: Fields = {"troubles": outcome.troubles}
    if outcome.too_late_to_cancel:
        waited["cancel_asked"] = 1
    return Move(state, state, delay_s=outcome.delay_s, relying_s=outcome.relying_s, fields=waited)


def _back(held: HeldJob, outcome: TooDear | GiveBack | Retry) -> Move:
    state = held.record.state
    if isinstance(outcome, TooDear):
        return Move(state, JobState.PENDING, ready=True)
    attempts = -1 if outcome.refund else 0
    # What is known of this order says nothing about the next.
    fields: Fields = {"ticket": "", "lost_after_ms": "", "lost_why": ""}
    if isinstance(outcome, GiveBack):
        return Move(state, JobState.PENDING, ready=True, attempts=attempts, fields=fields)
    fields["troubles"] = outcome.troubles
    if outcome.unrewritten:
        fields["unrewritten"] = 1
    if outcome.resubmitted:
        fields["doubles"] = held.doubles + 1
    return Move(
        state,
        JobState.PENDING,
        delay_s=outcome.delay_s,
        attempts=attempts,
        doubles=int(outcome.resubmitted),
        at_risk_micro=held.price_micro if outcome.resubmitted else 0,
        fields=fields,
    )


def _taken(ticketed: Ticketed) -> Fields:
    return {"ticket": ticketed.ticket, "troubles": 0, "brought_forward": ""}


def _drawn_fields(drawn: Drawn) -> Fields:
    fields: Fields = {
        "pictures": json.dumps([asdict(_remote(picture)) for picture in drawn.pictures]),
        "failures": _failures_json(drawn.failures),
        "troubles": 0,
    }
    if drawn.actual_prompt:
        fields["actual_prompt"] = drawn.actual_prompt
    if drawn.facts:
        fields["facts"] = json.dumps(drawn.facts, ensure_ascii=False)
    if drawn.charged is not None:
        fields["charged"] = drawn.charged
    return fields


def _kept_fields(later: StoreLater) -> Fields:
    return {
        "troubles": later.troubles,
        "images": _images_json(later.images),
        "failures": _failures_json(later.failures),
    }


def _images_json(images: tuple[Image, ...]) -> str:
    return json.dumps([image.model_dump(mode="json") for image in images])


def _failures_json(failures: tuple[Failure, ...]) -> str:
    return json.dumps([failure.model_dump(mode="json") for failure in failures])


def _remote(picture: Picture) -> RemotePicture:
    if not isinstance(picture, RemotePicture):
        raise TypeError(
            "a polled task's pictures have addresses; their bytes never enter the ledger"
        )
    return picture
