"""The very same order is never paid for twice: what an earlier batch drew ends without a call."""

from __future__ import annotations

import json

import pytest

from schemas import layout
from schemas.failure import ErrorClass
from schemas.job import content_key
from schemas.marker import Marker
from schemas.states import BatchState, JobState
from storage import Unreachable
from tests.steps.mill import LANE, Mill, job
from tests.steps.nights import FIRST, SECOND, night, rows
from tests.steps.scripted_provider import trouble
from worker.providers.port import Refused

SIMULATED = "dashscope:wanx-v1@simulator"


def test_the_next_night_costs_nothing(mill: Mill) -> None:
    drawn = night(mill, FIRST, rows("a", "b", "c"))
    asked = len(mill.provider.ordered)
    again = night(mill, SECOND, rows("a", "b", "c"))
    assert len(mill.provider.ordered) == asked == 3
    assert [found.images for found in again] == [found.images for found in drawn]
    assert {found.reused_from for found in again} == {FIRST}
    assert {(found.cost_micro, found.attempts, found.state) for found in again} == {
        (0, 0, JobState.SUCCEEDED)
    }
    status = mill.ledger.batches.status(SECOND)
    assert status is not None
    assert (status.succeeded, status.images, status.reused) == (3, 3, 3)
    assert status.costs == {"CNY": "0.00"}


def test_new_and_changed_rows_only_are_ordered(mill: Mill) -> None:
    night(mill, FIRST, rows("a", "b"))
    mill.provider.ordered.clear()
    changed = [*rows("a"), job("b", prompt="a red cup"), job("c")]
    again = night(mill, SECOND, changed)
    assert [order.id for order in mill.provider.ordered] == ["b", "c"]
    assert [found.reused_from for found in again] == [FIRST, None, None]
    status = mill.ledger.batches.status(SECOND)
    assert status is not None
    assert (status.succeeded, status.reused, status.total) == (3, 1, 3)


def test_the_rows_own_columns_are_of_today(mill: Mill) -> None:
    night(mill, FIRST, [job("a", row={"sku": "a", "stock": "3"})])
    (again,) = night(mill, SECOND, [job("a", line=9, row={"sku": "a", "stock": "0"})])
    assert (again.line, again.row) == (9, {"sku": "a", "stock": "0"})


def test_whoever_wants_everything_drawn_anew_gets_it(mill: Mill) -> None:
    night(mill, FIRST, rows("a"))
    (again,) = night(mill, SECOND, rows("a"), fresh=True)
    assert len(mill.provider.ordered) == 2
    assert again.reused_from is None
    (third,) = night(mill, "wednesday", rows("a"))
    assert third.reused_from == SECOND, "the newest"


@pytest.mark.parametrize("left", ["gone", "cut short"])
def test_a_picture_that_is_not_there_any_more_is_drawn_anew(mill: Mill, left: str) -> None:
    (drawn,) = night(mill, FIRST, rows("a", n=2))
    key = drawn.images[1].key
    mill.storage.delete(key)
    if left == "cut short":
        mill.storage.put(key, b"half", "image/png")
    (again,) = night(mill, SECOND, rows("a", n=2))
    assert (again.reused_from, len(mill.provider.ordered)) == (None, 2)


def test_what_failed_is_tried_again(mill: Mill) -> None:
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    (failed,) = night(mill, FIRST, rows("a"))
    assert failed.state is JobState.FAILED
    (again,) = night(mill, SECOND, rows("a"))
    assert (again.state, again.reused_from) == (JobState.SUCCEEDED, None)


def test_what_is_there_in_part_is_ordered_whole(mill: Mill) -> None:
    mill.provider.withheld.add(job().prompt)
    (partial,) = night(mill, FIRST, rows("a", n=2))
    assert partial.state is JobState.PARTIAL
    mill.provider.withheld.clear()
    (again,) = night(mill, SECOND, rows("a", n=2))
    assert (again.state, again.reused_from) == (JobState.SUCCEEDED, None)


def test_a_rehearsals_pictures_are_none() -> None:
    assert content_key(job(lane=SIMULATED)) != content_key(job(lane=LANE))
    assert content_key(job(lane="dashscope:wanx-v1@second")) == content_key(job(lane=LANE))


def test_a_marker_that_cannot_be_read_counts_for_nothing(mill: Mill) -> None:
    night(mill, FIRST, rows("a"))
    key = layout.marker_key(content_key(job("a")))
    mill.storage.put(key, b"{", "application/json")
    (again,) = night(mill, SECOND, rows("a"))
    assert again.reused_from is None
    assert Marker.model_validate_json(mill.storage.get(key)).batch == SECOND, "written anew"


def test_a_marker_holds_nothing_of_the_manifest(mill: Mill) -> None:
    night(mill, FIRST, [job("a", row={"sku": "a", "purchase price": "7.10"})])
    (key,) = [stored.key for stored in mill.storage.list("done/")]
    assert "7.10" not in json.dumps(json.loads(mill.storage.get(key)))


def test_a_row_is_not_done_before_its_marker_is_there(mill: Mill) -> None:
    """Else the next night would pay for it once more."""
    mill.storage.down_for = "done/"
    mill.hand_in(rows("a"), batch=FIRST)
    for _ in range(8):
        mill.let_time_pass()
        mill.turn()
    status = mill.ledger.batches.status(FIRST)
    assert status is not None
    assert (status.storing, status.succeeded) == (1, 0)
    mill.storage.down_for = ""
    for _ in range(8):
        mill.let_time_pass()
        mill.turn()
    assert mill.ledger.batches.state(FIRST) is BatchState.FINISHED
    assert len(mill.provider.ordered) == 1


def test_nothing_is_ordered_while_nobody_can_say_what_is_there(mill: Mill) -> None:
    night(mill, FIRST, rows("a"))
    mill.storage.unseen = "images/"
    mill.hand_in(rows("a"), batch=SECOND)
    mill.let_time_pass()
    with pytest.raises(Unreachable):
        mill.turn()
    mill.storage.unseen = ""
    for _ in range(8):
        mill.let_time_pass()
        mill.turn()
    assert mill.ledger.batches.state(SECOND) is BatchState.FINISHED
    assert len(mill.provider.ordered) == 1


def test_a_batch_that_is_loaded_twice_finds_nothing_of_its_own(mill: Mill) -> None:
    """Rows of one batch never stand for each other, whatever lies in storage under its name."""
    (drawn,) = night(mill, FIRST, rows("a"))
    marker = Marker(batch=SECOND, result=drawn)
    key = layout.marker_key(content_key(job("a")))
    mill.storage.put(key, marker.model_dump_json().encode(), "application/json")
    (again,) = night(mill, SECOND, rows("a"))
    assert again.reused_from is None
