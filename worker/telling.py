"""Tells people of a batch: what is noticed becomes a notice in the ledger, and is sent from there.

Everything is noticed where a batch is looked at anyway, every ten seconds and when it ends, so that
no job costs a round trip more. Each occasion is told by one notice, whoever notices it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence

from ledger.moves import Claim
from ledger.notices import Posted
from results.telling.answers import Delivered, Undelivered
from results.telling.sending import deliver
from results.telling.target import whom
from results.words import first_failure
from schemas import layout
from schemas.batch import Batch, LaneCounts
from schemas.notice import TYPE_OF, FailedRow, News, Notice, Places, StoppedLane
from schemas.notify import Event, Notify, Occasion
from schemas.result import JobResult
from schemas.settings import variable
from worker.policy.telling import NOT_WHOLE, next_try_s, standing
from worker.tools import Tools

log = logging.getLogger(__name__)

END_TOLD_S = 5.0
"""Should whoever finishes a batch die before it says so, another does after this."""
LEASE_S = 30.0
"""Should whoever sends a notice die before the ledger knows, another sends it after this."""


def tell_of_standing(batch: Batch, lanes: Sequence[LaneCounts], tools: Tools) -> None:
    """Post what a look at a batch has shown."""
    notify = whom(batch, tools.settings)
    if notify is None:
        return
    found, told = standing(lanes), tools.ledger.notices.told(batch.batch)
    over = found.over(told)
    if over:
        tools.ledger.notices.forget(batch.batch, over)
    for occasion in found.present:
        if occasion in told:
            continue
        match occasion.event:
            case Event.FIRST_FAILURE:
                _post(batch, occasion, tools, News(failure=_first_failure(batch, lanes, tools)))
            case Event.STOPPED:
                why = {lane.lane: lane.stopped or "" for lane in lanes}[occasion.detail]
                stopped = StoppedLane(lane=occasion.detail, why=why)
                _post(batch, occasion, tools, News(stopped=stopped))
            case _:
                _post(batch, occasion, tools)


def tell_of_failures(batch: str, results: Sequence[JobResult], tools: Tools) -> None:
    """Post the first failure, if there is one among results whose records are about to go."""
    failed = next((result for result in results if result.state in NOT_WHOLE), None)
    document = None if failed is None else tools.ledger.batches.document(batch)
    if failed is not None and document is not None:
        _post(document, Occasion(Event.FIRST_FAILURE), tools, News(failure=_row(failed)))


def expect_end(batch: Batch, tools: Tools) -> None:
    """A batch is about to be finished: from here on somebody tells of it, whoever dies."""
    if _wanted(batch, Event.FINISHED, tools):
        tools.ledger.notices.look_at(batch.batch, END_TOLD_S)


def tell_of_end(batch: Batch, tools: Tools) -> None:
    """Post that a batch is finished, if it is."""
    if not _wanted(batch, Event.FINISHED, tools):
        return
    number = tools.ledger.notices.finished_round(batch.batch)
    occasion = Occasion(Event.FINISHED, str(number))
    if number is not None and occasion not in tools.ledger.notices.told(batch.batch):
        _post(batch, occasion, tools, News(round=number, places=_places(batch.batch, tools)))


def tell(batch: str, tools: Tools) -> int:
    """Send whatever of a batch is due; returns how many notices somebody took."""
    notices, delivered = tools.ledger.notices, 0
    booked = notices.booked(batch)
    document = tools.ledger.batches.document(batch)
    if document is not None:
        tell_of_end(document, tools)
        for notice in notices.take(batch, LEASE_S):
            delivered += _send(document, notice, tools)
    notices.rest(batch, booked)
    return delivered


def _wanted(batch: Batch, event: Event, tools: Tools) -> Notify | None:
    notify = whom(batch, tools.settings)
    return notify if notify is not None and event in notify.events else None


def _post(batch: Batch, occasion: Occasion, tools: Tools, news: News | None = None) -> None:
    """Post a notice, if somebody wants to know and nobody posted it before."""
    if not _wanted(batch, occasion.event, tools):
        return
    shown = {"status": tools.ledger.batches.status(batch.batch), "simulated": batch.simulated}
    notice = Notice(
        id=f"evt_{secrets.token_hex(12)}",
        type=TYPE_OF[occasion.event],
        timestamp=tools.clock.now().isoformat(timespec="milliseconds"),
        data=(news or News()).model_copy(update=shown),
    )
    if tools.ledger.notices.post(batch.batch, occasion, notice.id, notice.model_dump_json()):
        log.info("notice.posted", extra=_marks(batch.batch, notice.id, occasion))


def _send(batch: Batch, notice: Posted, tools: Tools) -> bool:
    notify = whom(batch, tools.settings)
    if notify is None:
        outcome: Delivered | Undelivered = Undelivered(
            "neither this worker's settings nor the batch say whom to tell"
        )
    else:
        outcome = deliver(notify, notice.document, variable, tools.clock)
    marks = _marks(batch.batch, notice.id, notice.occasion)
    if isinstance(outcome, Delivered):
        tools.ledger.notices.end(batch.batch, notice)
        log.info("notice.delivered", extra={**marks, "status": outcome.status})
        return True
    wait_s = next_try_s(notice.tries, notice.age_s, outcome.asked_s, tools.chance())
    if wait_s is None or outcome.is_gone:
        tools.ledger.notices.end(batch.batch, notice, f"given up: {outcome.why}")
        log.error("notice.given_up", extra={**marks, "why": outcome.why})
        return False
    tools.ledger.notices.put_off(batch.batch, notice, f"{outcome.why}; tried again", wait_s)
    log.warning("notice.put_off", extra={**marks, "why": outcome.why, "wait_s": round(wait_s, 1)})
    return False


def _first_failure(batch: Batch, lanes: Sequence[LaneCounts], tools: Tools) -> FailedRow | None:
    """The row that failed first in some lane; None where its record is gone by now."""
    for lane in lanes:
        ref = tools.ledger.notices.first_failure(lane.lane, batch.batch)
        found = None if ref is None else tools.ledger.jobs.peek(Claim(lane.lane, ref, 0))
        if found is not None and "result" in found.fields:
            return _row(JobResult.model_validate_json(found.fields["result"]))
    return None


def _row(result: JobResult) -> FailedRow:
    failure = first_failure(result)
    named = (
        {} if failure is None else failure.model_dump(include={"error_class", "code", "message"})
    )
    return FailedRow(id=result.id, lane=result.lane, state=result.state, **named)


def _places(batch: str, tools: Tools) -> Places:
    def location(name: str) -> str:
        return tools.storage.location(layout.batch_file(batch, name))

    return Places(
        contact_sheet=location(layout.CONTACT_SHEET), results=location(layout.RESULTS_CSV)
    )


def _marks(batch: str, id_: str, occasion: Occasion) -> dict[str, str]:
    return {"batch": batch, "notice": id_, "occasion": str(occasion)}
