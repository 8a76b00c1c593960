"""Who leads, who works, which lanes have something to do."""

from __future__ import annotations

import pytest

from ledger.fleet import WORKER_TTL_S
from ledger.keys import BROKER_PREFIX, LANES, LEADER, WORKERS
from ledger.opening import Ledger
from tests.waiting import wait_until

AGAIN_S = 60.0


def _nudge(ledger: Ledger, lane: str, delay_s: float = 0.0) -> None:
    ledger.fleet.book({lane: delay_s}, "0")


def _due(ledger: Ledger) -> list[str]:
    return ledger.fleet.due_lanes(AGAIN_S, 10)[1]


def test_one_leads_until_its_term_ends(ledger: Ledger) -> None:
    assert ledger.fleet.lead("a", 60)
    assert not ledger.fleet.lead("b", 60)
    assert ledger.fleet.lead("a", 60)
    ledger.client.pexpire(LEADER, 1)
    wait_until(lambda: ledger.fleet.lead("b", 60), what="the term to end")
    assert not ledger.fleet.lead("a", 60)


def test_who_leads_is_known(ledger: Ledger) -> None:
    assert ledger.fleet.leader() is None
    ledger.fleet.lead("a", 60)
    assert ledger.fleet.leader() == "a"


def test_a_lane_that_nobody_looks_at_is_late(ledger: Ledger) -> None:
    assert ledger.fleet.overdue_s() == 0
    _nudge(ledger, "later", delay_s=60)
    assert ledger.fleet.overdue_s() == 0
    ledger.client.zadd(LANES, {"a": ledger.fleet.now_ms() - 40_000})
    assert 40 <= ledger.fleet.overdue_s() < 60
    _due(ledger)
    assert ledger.fleet.overdue_s() == 0


def test_leading_again_lengthens_the_term(ledger: Ledger) -> None:
    ledger.fleet.lead("a", 1)
    ledger.fleet.lead("a", 60)
    assert ledger.client.pttl(LEADER) > 50_000


def test_a_lane_is_handed_out_once_until_it_is_asked_for_again(ledger: Ledger) -> None:
    _nudge(ledger, "a")
    assert _due(ledger) == ["a"]
    assert _due(ledger) == []
    _nudge(ledger, "a")
    assert _due(ledger) == ["a"]


def test_a_lane_nobody_came_back_for_is_handed_out_again(ledger: Ledger) -> None:
    _nudge(ledger, "a")
    ledger.fleet.due_lanes(again_s=0.02, limit=10)
    wait_until(lambda: _due(ledger) == ["a"], what="the second look")


def test_a_nudge_never_puts_a_look_off(ledger: Ledger) -> None:
    _nudge(ledger, "a")
    _nudge(ledger, "a", delay_s=60)
    assert _due(ledger) == ["a"]


def test_an_idle_lane_is_forgotten(ledger: Ledger) -> None:
    _nudge(ledger, "a")
    booked, _ = ledger.fleet.due_lanes(AGAIN_S, 10)
    ledger.fleet.book({"a": None}, booked)
    assert ledger.client.zscore(LANES, "a") is None


@pytest.mark.parametrize("delay_s", [0.0, 1.0, AGAIN_S - 1])
def test_a_nudge_between_turn_and_forgetting_is_not_lost(ledger: Ledger, delay_s: float) -> None:
    _nudge(ledger, "a")
    booked, _ = ledger.fleet.due_lanes(AGAIN_S, 10)
    _nudge(ledger, "a", delay_s)
    ledger.fleet.book({"a": None}, booked)
    score = ledger.client.zscore(LANES, "a")
    assert score is not None
    assert score <= ledger.fleet.now_ms() + delay_s * 1000


def test_two_dispatchers_do_not_forget_each_others_lanes(ledger: Ledger) -> None:
    _nudge(ledger, "a")
    old, _ = ledger.fleet.due_lanes(AGAIN_S, 10)
    _nudge(ledger, "a")
    new, _ = ledger.fleet.due_lanes(AGAIN_S + 1, 10)
    ledger.fleet.book({"a": None}, old)
    assert ledger.client.zscore(LANES, "a") == float(new)
    ledger.fleet.book({"a": None}, new)
    assert ledger.client.zscore(LANES, "a") is None


def test_forgetting_a_lane_that_is_not_there_changes_nothing(ledger: Ledger) -> None:
    ledger.fleet.book({"a": None, "b": 0.0}, "123")
    assert ledger.client.zrange(LANES, 0, -1) == ["b"]
    ledger.fleet.book({}, "123")


def test_as_many_lanes_as_asked_for_the_longest_waiting_first(ledger: Ledger) -> None:
    now_ms = ledger.fleet.now_ms()
    ledger.client.zadd(LANES, {"c": now_ms - 1, "a": now_ms - 2, "b": now_ms - 3, "d": now_ms * 2})
    assert ledger.fleet.due_lanes(AGAIN_S, 2)[1] == ["b", "a"]
    assert ledger.fleet.due_lanes(AGAIN_S, 2)[1] == ["c"]


def test_workers_alive_and_their_threads(ledger: Ledger) -> None:
    ledger.fleet.report_in("host-1", 32)
    ledger.fleet.report_in("a|b", 4)
    ledger.fleet.report_in("host-1", 32)
    assert ledger.fleet.workers() == {"host-1": 32, "a|b": 4}
    ledger.fleet.sign_off("a|b", 4)
    assert ledger.fleet.workers() == {"host-1": 32}


def test_threads_that_long_calls_may_keep(ledger: Ledger) -> None:
    assert ledger.fleet.long_threads() == 0
    ledger.fleet.report_in("everything-1", 9, 4)
    ledger.fleet.report_in("no-calls-2", 32, 0)
    ledger.fleet.report_in("calls-3", 32, 32)
    ledger.fleet.report_in("last-release-4", 10)
    assert ledger.fleet.long_threads() == 4 + 0 + 32 + 5
    ledger.fleet.sign_off("calls-3", 32)
    assert ledger.fleet.long_threads() == 4 + 0 + 5


def test_a_worker_not_heard_of_is_gone_and_swept_out(ledger: Ledger) -> None:
    ledger.fleet.report_in("gone", 1)
    score = ledger.client.zscore(WORKERS, "gone|1")
    assert score == pytest.approx(ledger.fleet.now_ms() + WORKER_TTL_S * 1000, abs=5000)
    ledger.client.zadd(WORKERS, {"gone|1": ledger.fleet.now_ms() - 1})
    assert ledger.fleet.workers() == {}
    ledger.fleet.report_in("here", 1)
    assert ledger.client.zrange(WORKERS, 0, -1) == ["here|1"]


def test_queue_lengths_are_the_brokers(ledger: Ledger) -> None:
    ledger.client.rpush(f"{BROKER_PREFIX}submit", "x", "y")
    assert ledger.fleet.queue_lengths(("submit", "poll")) == {"submit": 2, "poll": 0}
    ledger.client.flushall()  # Celery's own keys are not ours to account for
