"""A batch that orders at certain hours orders then only, whoever leads, and by the server's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.keys import HOURS, batch_record
from schemas.batch import Batch, Hold
from schemas.hours import Hours
from schemas.states import BatchState
from tests.steps.mill import BATCH, Mill, job
from worker.hours import LOOK_S, keep_hours

ASKED = "2026-02-01T17:00:00+00:00"


def from_now(mill: Mill, begin_h: float, end_h: float) -> Hours:
    """From so many hours after now to so many."""
    now = datetime.fromtimestamp(mill.ledger.fleet.now_ms() / 1000, UTC)
    start, end = (f"{now + timedelta(hours=h):%H:%M}" for h in (begin_h, end_h))
    return Hours(start=start, end=end)


def handed_in(mill: Mill, hours: Hours) -> None:
    """A batch as `hand_in` leaves it."""
    mill.hand_in([job()])
    document = set_hours(mill, hours)
    mill.ledger.batches.hold(BATCH, document.lanes, Hold.HOURS)


def set_hours(mill: Mill, hours: Hours) -> Batch:
    """As if it had been handed in with that one."""
    document = mill.ledger.batches.document(BATCH)
    assert document is not None
    told = document.model_copy(update={"hours": hours})
    mill.ledger.client.hset(batch_record(BATCH), "document", told.model_dump_json())
    mill.ledger.hours.look_at(BATCH)
    return told


def holds(mill: Mill) -> list[Hold]:
    document = mill.ledger.batches.document(BATCH)
    assert document is not None
    return mill.ledger.batches.counts(document)[0].holds


def next_look_s(mill: Mill) -> float:
    score = mill.ledger.client.zscore(HOURS, BATCH)
    assert score is not None
    return float(score) / 1000 - mill.ledger.fleet.now_ms() / 1000


def test_outside_nothing_is_released(mill: Mill) -> None:
    handed_in(mill, from_now(mill, 2, 5))
    keep_hours(mill.ledger)
    mill.dispatcher.tick()
    assert holds(mill) == [Hold.HOURS]
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    assert (status.state, status.released) == ("outside its hours", 0)
    assert 0 < next_look_s(mill) <= LOOK_S


def test_within_it_is_let_go_and_worked_off(mill: Mill) -> None:
    handed_in(mill, from_now(mill, -2, 3))
    keep_hours(mill.ledger)
    assert holds(mill) == []
    for _ in range(10):
        mill.turn()
        mill.let_time_pass()
    assert mill.ledger.batches.state(BATCH) is BatchState.FINISHED
    assert mill.ledger.client.exists(HOURS) == 0


def test_when_it_ends_what_waits_is_held(mill: Mill) -> None:
    handed_in(mill, from_now(mill, -2, 3))
    keep_hours(mill.ledger)
    set_hours(mill, from_now(mill, 2, 5))
    keep_hours(mill.ledger)
    assert holds(mill) == [Hold.HOURS]


def test_a_pause_outlasts_the_opening(mill: Mill) -> None:
    handed_in(mill, from_now(mill, -2, 3))
    document = mill.ledger.batches.document(BATCH)
    assert document is not None
    mill.ledger.batches.hold(BATCH, document.lanes, Hold.PAUSE)
    keep_hours(mill.ledger)
    mill.dispatcher.tick()
    status = mill.ledger.batches.status(BATCH)
    assert status is not None
    assert (holds(mill), status.state) == ([Hold.PAUSE], "paused")


def test_a_leader_that_died_before_it_looked_is_followed(mill: Mill) -> None:
    handed_in(mill, from_now(mill, -2, 3))
    assert mill.ledger.hours.due(0.0) == [BATCH]  # taken, and nothing done
    keep_hours(mill.ledger)
    assert holds(mill) == []


def test_the_dispatcher_that_leads_keeps_hours(mill: Mill) -> None:
    handed_in(mill, from_now(mill, -2, 3))
    mill.clock.interrupt_after = 2
    mill.dispatcher.run(mill.clock)
    assert holds(mill) == []


@pytest.mark.parametrize("state", [BatchState.FINISHED, None])
def test_what_is_finished_or_gone_is_looked_at_no_more(
    mill: Mill, state: BatchState | None
) -> None:
    if state is None:
        mill.ledger.hours.look_at(BATCH)
    else:
        handed_in(mill, from_now(mill, 2, 5))
        mill.ledger.batches.finish(BATCH, ASKED)
        mill.ledger.hours.look_at(BATCH)
    keep_hours(mill.ledger)
    assert mill.ledger.client.exists(HOURS) == 0
