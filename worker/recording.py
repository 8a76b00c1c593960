"""Writes how a step ended into the ledger: the one place that matches outcomes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import assert_never

from ledger.jobs import Move, Moved
from schemas.failure import Failure
from schemas.result import Image
from schemas.states import JobState
from worker.held import HeldJob
from worker.outcomes import (
    AskAgain,
    Drawn,
    Ended,
    GiveBack,
    Lost,
    Outcome,
    Retry,
    StoreLater,
    Ticketed,
    Wait,
)
from worker.providers.port import Picture, RemotePicture
from worker.tools import Tools

Fields = dict[str, str | int | float]


def record(held: HeldJob, outcome: Outcome, tools: Tools) -> Moved:
    """Move the job to where the outcome says, if the claim still holds.

    What a provider said of the whole lane holds whoever heard it, so a late writer still tells.
    """
    if isinstance(outcome, Lost):
        return Moved.LOST
    if isinstance(outcome, GiveBack):
        _slow_or_stop(held, outcome, tools)
    if isinstance(outcome, Retry) and outcome.why:
        tools.ledger.lanes.note_trouble(str(held.lane), outcome.why)
    moved = tools.ledger.jobs.move(held.claim, held.record.chunk, _move(held, outcome))
    if isinstance(outcome, Drawn) and moved is Moved.YES:
        _learn(held, outcome, tools)
    return moved


def _learn(held: HeldJob, drawn: Drawn, tools: Tools) -> None:
    # Our own looks are always late: a lane that learned from them would look ever later.
    took_s = held.elapsed_s if drawn.took_s is None else drawn.took_s
    # What is asked for again was learned from before, and an answer at once says nothing.
    if took_s > 0 and not held.asked_again:
        tools.ledger.jobs.learn(str(held.lane), took_s)


def _move(held: HeldJob, outcome: Outcome) -> Move:
    state = held.record.state
    match outcome:
        case Ticketed(ticket, next_poll_s):
            taken: Fields = {"ticket": ticket, "troubles": 0}
            return Move(state, JobState.RUNNING, delay_s=next_poll_s, fields=taken)
        case Wait(delay_s, troubles):
            return Move(state, state, delay_s=delay_s, fields={"troubles": troubles})
        case GiveBack(refund):
            return Move(state, JobState.PENDING, ready=True, attempts=-1 if refund else 0)
        case Retry(delay_s, refund, troubles):
            return Move(
                state,
                JobState.PENDING,
                delay_s=delay_s,
                attempts=-1 if refund else 0,
                fields={"troubles": troubles},
            )
        case Drawn():
            return Move(state, JobState.STORING, fields=_drawn_fields(outcome))
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
                fields={"result": result.model_dump_json()},
            )
        case Lost():
            raise ValueError("a lost claim moves nothing")
        case never:
            assert_never(never)


def _slow_or_stop(held: HeldJob, outcome: GiveBack, tools: Tools) -> None:
    if outcome.throttled_s is not None:
        tools.submit_bucket(held).slow_down(outcome.throttled_s)
        tools.ledger.lanes.count_throttled(str(held.lane))
    if outcome.stop_lane is not None:
        tools.stop_lane(held, outcome.stop_lane)


def _drawn_fields(drawn: Drawn) -> Fields:
    fields: Fields = {
        "pictures": json.dumps([asdict(_remote(picture)) for picture in drawn.pictures]),
        "failures": _failures_json(drawn.failures),
        "troubles": 0,
    }
    if drawn.actual_prompt:
        fields["actual_prompt"] = drawn.actual_prompt
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
