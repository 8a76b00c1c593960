"""Tickets that are ours, and orders whose answers were lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.keys import LaneKeys
from ledger.moves import Claim, Move, Moved
from ledger.opening import Ledger
from ledger.scripts import Call
from ledger.tickets import KEPT, KEPT_S, UnsettledOrder, trim
from schemas.states import JobState
from tests.ledger.scene import LANE, Scene

KEYS = LaneKeys(LANE)
HOUR_MS = 3_600_000


@pytest.fixture
def submitting(scene: Scene) -> Claim:
    (claim,) = scene.released(1)
    return scene.bring(claim, JobState.SUBMITTING)


def _taken(ticket: str) -> Move:
    return Move(JobState.SUBMITTING, JobState.RUNNING, delay_s=60, ticket=ticket)


def _order(ledger: Ledger, until_ms: int = 0) -> UnsettledOrder:
    now_ms = ledger.fleet.now_ms()
    return UnsettledOrder("night/a", "a mug: 青瓷", now_ms - 2000, until_ms or now_ms)


def test_a_ticket_is_known_from_the_move_on_and_expires(scene: Scene, submitting: Claim) -> None:
    assert scene.ledger.tickets.known(scene.lane, ["t-1", "t-2"]) == set()
    assert scene.move(submitting, _taken("t-1")) is Moved.YES
    assert scene.ledger.tickets.known(scene.lane, ["t-1", "t-2"]) == {"t-1"}
    assert scene.ledger.tickets.known(scene.lane, []) == set()
    assert KEPT_S - 60 <= scene.ledger.client.ttl(KEYS.tickets) <= KEPT_S
    assert scene.ledger.tickets.complete_from_ms(scene.lane) == 0


def test_a_late_writers_ticket_is_not_added(scene: Scene, submitting: Claim) -> None:
    late = submitting._replace(number=9)
    assert scene.move(late, _taken("t-1")) is Moved.LOST
    assert scene.ledger.tickets.known(scene.lane, ["t-1"]) == set()


def test_a_move_without_a_ticket_adds_none(scene: Scene, submitting: Claim) -> None:
    scene.go(submitting, JobState.RUNNING)
    assert scene.ledger.client.exists(KEYS.tickets) == 0


def test_a_ticket_keeps_the_time_it_was_first_recorded(scene: Scene, submitting: Claim) -> None:
    scene.ledger.client.zadd(KEYS.tickets, {"t-1": 5})
    scene.move(submitting, _taken("t-1"))
    assert scene.ledger.client.zscore(KEYS.tickets, "t-1") == 5


def test_tickets_outlive_their_job(scene: Scene, submitting: Claim) -> None:
    scene.move(submitting, _taken("t-1"))
    scene.go(submitting, JobState.FAILED)
    scene.tick()
    scene.seal(scene.chunks(1)[0])
    assert scene.ledger.tickets.known(scene.lane, ["t-1"]) == {"t-1"}


def test_a_move_forgets_the_oldest_beyond_the_limit(scene: Scene, submitting: Claim) -> None:
    scene.ledger.client.zadd(KEYS.tickets, {f"old-{n}": 1000 + n for n in range(KEPT + 2)})
    scene.move(submitting, _taken("t-1"))
    assert scene.ledger.client.zcard(KEYS.tickets) == KEPT
    known = scene.ledger.tickets.known(scene.lane, ["old-2", "old-3", "t-1"])
    assert known == {"old-3", "t-1"}
    assert scene.ledger.tickets.complete_from_ms(scene.lane) == 1003


@settings(max_examples=50, deadline=None)
@given(
    scores=st.lists(st.integers(1, 9), max_size=12),
    mosts=st.lists(st.integers(1, 12), min_size=1, max_size=3),
)
def test_no_ticket_since_the_set_is_complete_was_forgotten(
    session_ledger: Ledger, scores: list[int], mosts: list[int]
) -> None:
    ledger = session_ledger
    ledger.client.flushall()
    tickets = {f"t-{index}": score for index, score in enumerate(scores)}
    left = len(tickets)
    if tickets:
        ledger.client.zadd(KEYS.tickets, tickets)
        ledger.client.expire(KEYS.tickets, KEPT_S)
    for most in mosts:
        forgotten = ledger.scripts.run(Call("trim_tickets", trim(LANE).keys, [most]))
        assert forgotten == max(left - most, 0)
        left -= forgotten
    known = ledger.tickets.known(LANE, sorted(tickets))
    assert len(known) == left
    complete_from = ledger.tickets.complete_from_ms(LANE)
    assert all(ticket in known for ticket, at in tickets.items() if at >= complete_from)
    assert (complete_from > 0) == (left < len(tickets))


def test_an_unsettled_order_is_remembered_until_it_is_settled(ledger: Ledger) -> None:
    order = _order(ledger)
    ledger.tickets.unsettle(LANE, "night/a#1", order)
    ledger.tickets.unsettle(LANE, "night/a#1", order)
    ledger.tickets.unsettle(LANE, "night/a#2", order)
    assert ledger.tickets.unsettled(LANE) == [order, order]
    ledger.tickets.settle(LANE, "night/a#1")
    ledger.tickets.settle(LANE, "night/a#1")
    assert ledger.tickets.unsettled(LANE) == [order]
    assert KEPT_S - 60 <= ledger.client.ttl(KEYS.unsettled) <= KEPT_S
    assert ledger.tickets.unsettled("dashscope:other@default") == []


def test_orders_no_list_shows_any_more_are_forgotten(ledger: Ledger) -> None:
    old = _order(ledger, until_ms=ledger.fleet.now_ms() - KEPT_S * 1000 - HOUR_MS)
    young = _order(ledger, until_ms=ledger.fleet.now_ms() - KEPT_S * 1000 + HOUR_MS)
    ledger.tickets.unsettle(LANE, "old", old)
    ledger.tickets.unsettle(LANE, "young", young)
    assert ledger.tickets.unsettled(LANE) == [young]
    assert ledger.client.hkeys(KEYS.unsettled) == ["young"]


def test_nothing_is_leaving_where_nothing_is_in_the_window(scene: Scene) -> None:
    assert scene.ledger.tickets.submitting(scene.lane) == []
    scene.released(2)
    assert scene.ledger.tickets.submitting(scene.lane) == []
