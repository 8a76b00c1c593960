"""Lanes: their limits, pinned or not, and their figures."""

from __future__ import annotations

import pytest

from ledger.opening import Ledger
from schemas.lane import LaneLimits
from tests.ledger.scene import LANE, Scene


def _limits(ledger: Ledger) -> LaneLimits:
    status = ledger.lanes.status(LANE)
    assert status is not None
    return status.limits


def test_opening_a_lane_writes_its_limits(ledger: Ledger) -> None:
    slow, fast = LaneLimits(rate_per_s=2, window=3), LaneLimits(rate_per_s=9.5, burst=2, window=8)
    assert ledger.lanes.open(LANE, slow)
    assert _limits(ledger) == slow
    assert ledger.lanes.open(LANE, fast)
    assert _limits(ledger) == fast


def test_pinned_limits_stay_until_others_are_pinned(ledger: Ledger) -> None:
    first, second = LaneLimits(rate_per_s=1, window=1), LaneLimits(rate_per_s=2, window=2)
    assert ledger.lanes.open(LANE, first, pin=True)
    assert not ledger.lanes.open(LANE, second)
    assert _limits(ledger) == first
    assert ledger.lanes.open(LANE, second, pin=True)
    assert _limits(ledger) == second


def test_a_lane_says_whether_its_limits_are_pinned(ledger: Ledger) -> None:
    limits = LaneLimits(rate_per_s=1, window=1)
    for pin in (False, True):
        ledger.lanes.open(LANE, limits, pin=pin)
        status = ledger.lanes.status(LANE)
        assert status is not None
        assert status.pinned == pin


@pytest.mark.parametrize("rate_per_s", [1 / 60, 1 / 3600, 1e-7, 1234.5])
def test_rates_are_kept_exactly(ledger: Ledger, rate_per_s: float) -> None:
    ledger.lanes.open(LANE, LaneLimits(rate_per_s=rate_per_s, window=1))
    assert _limits(ledger).rate_per_s == rate_per_s


@pytest.mark.parametrize("rate_per_s", [1 / 3600, 1e-7, 1e6])
def test_slow_and_fast_lanes_release(scene: Scene, rate_per_s: float) -> None:
    scene.make_ready(1)
    scene.open(rate_per_s=rate_per_s, burst=1)
    assert len(scene.release()) == 1


def test_lanes_are_listed_in_order(ledger: Ledger) -> None:
    limits = LaneLimits(rate_per_s=1, window=1)
    for lane in ("b:m@x", "a:m@x", "b:m@x"):
        ledger.lanes.open(lane, limits)
    assert ledger.lanes.names() == ["a:m@x", "b:m@x"]


def test_a_lane_nobody_opened_has_no_status(ledger: Ledger) -> None:
    ledger.lanes.stop(LANE, "arrears")
    assert ledger.lanes.status(LANE) is None


def test_waiting_and_ready_are_told_apart(scene: Scene) -> None:
    scene.hand_in(3, 4)
    scene.load(scene.tick().chores[0].chunk)
    scene.open(window=1)
    scene.ledger.lanes.stop(scene.lane, "held")
    status = scene.ledger.lanes.status(scene.lane)
    assert status is not None
    assert (status.waiting, status.ready, status.in_play, status.storing) == (4, 3, 0, 0)


def test_the_typical_time_is_the_median(scene: Scene) -> None:
    scene.open()
    empty = scene.ledger.lanes.status(scene.lane)
    scene.learn(9, 1, 5)
    full = scene.ledger.lanes.status(scene.lane)
    assert empty is not None
    assert full is not None
    assert (empty.typical_s, full.typical_s) == (None, 5.0)


def test_whether_a_chunk_is_in_motion(scene: Scene) -> None:
    (chunk,) = scene.hand_in(1)
    lanes = scene.ledger.lanes
    assert not lanes.in_motion(scene.lane, chunk)
    scene.tick()
    assert lanes.in_motion(scene.lane, chunk)
    scene.load(chunk)
    scene.open()
    scene.end(scene.release()[0])
    assert lanes.in_motion(scene.lane, chunk)
    scene.seal(chunk)
    assert not lanes.in_motion(scene.lane, chunk)


def test_nothing_new_is_ordered_while_too_many_wait_to_be_stored(scene: Scene) -> None:
    scene.make_ready(2)
    scene.open()
    scene.ledger.client.hset(scene.keys.tally, "storing", 501)
    assert scene.release() == []
    scene.ledger.client.hset(scene.keys.tally, "storing", 500)
    assert len(scene.release()) == 2
