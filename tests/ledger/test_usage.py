"""How much of its limits a lane uses, and which of them binds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bucket import poll_bucket
from ledger.keys import BATCHES
from ledger.tick import FAULTS_IN_A_ROW, STORE_BACKLOG
from ledger.usage import LaneUsage, leaving_per_s
from schemas.batch import Hold
from schemas.lane import LaneLimits, Limit
from schemas.states import OPEN_STATES, JobState
from tests.ledger.scene import BATCH, LANE, Scene

LIMITS = LaneLimits(rate_per_s=2, burst=1, window=3)
NONE = dict.fromkeys(OPEN_STATES, 0)
WAITING = {**NONE, JobState.PENDING: 9}
FREE = LaneUsage(limits=LIMITS, jobs=WAITING, turns=True)
"""There is work, a place and a slot."""

CASES = [
    (FREE, Limit.WORKERS),
    (replace(FREE, jobs=NONE), Limit.NOTHING_TO_DO),
    (replace(FREE, jobs={**NONE, JobState.RUNNING: 3}, in_window=3), Limit.NOTHING_TO_DO),
    (replace(FREE, stopped=True, jobs=NONE), Limit.STOPPED),
    (replace(FREE, in_window=3), Limit.RUNNING),
    (replace(FREE, in_window=2), Limit.WORKERS),
    (replace(FREE, booked_s=0.9), Limit.RATE),
    (replace(FREE, jobs={**WAITING, JobState.RELEASED: 2}), Limit.RATE),
    (replace(FREE, in_window=3, booked_s=0.9), Limit.RUNNING),
    (replace(FREE, jobs={**WAITING, JobState.STORING: STORE_BACKLOG + 1}), Limit.STORING),
    (replace(FREE, closed_s=5.0), Limit.PROVIDER),
    (replace(FREE, closed_s=5.0, capped=True), Limit.BUDGET),
    (replace(FREE, faults=FAULTS_IN_A_ROW), Limit.PROVIDER),
    (replace(FREE, turns=False, holds=frozenset({Hold.PAUSE})), Limit.PAUSED),
    (replace(FREE, turns=False, holds=frozenset({Hold.PAUSE, Hold.BUDGET})), Limit.BUDGET),
    (replace(FREE, turns=False, holds=frozenset({Hold.HOURS})), Limit.HOURS),
    (replace(FREE, turns=False, holds=frozenset({Hold.PAUSE, Hold.HOURS})), Limit.PAUSED),
    (replace(FREE, holds=frozenset({Hold.BUDGET})), Limit.WORKERS),
    (replace(FREE, turns=False), Limit.NOTHING_TO_DO),
    (
        replace(FREE, jobs={**WAITING, JobState.RUNNING: 3}, in_window=3, queries_booked_s=0.8),
        Limit.QUERY_RATE,
    ),
    (replace(FREE, jobs={**WAITING, JobState.RUNNING: 3}, queries_booked_s=0.8), Limit.WORKERS),
]


@pytest.mark.parametrize(("usage", "limit"), CASES)
def test_the_limit_that_binds_is_named(usage: LaneUsage, limit: Limit) -> None:
    assert usage.binds is limit


def test_every_limit_can_bind() -> None:
    assert {limit for _, limit in CASES} == set(Limit)


@given(
    rate_per_s=st.floats(0.01, 1000),
    count=st.integers(2, 100),
    share=st.floats(0, 1),
)
def test_even_spacing_is_told_to_within_one_order(
    rate_per_s: float, count: int, share: float
) -> None:
    interval_us = 1e6 / rate_per_s
    now_us = 1e15
    departed = [now_us - (share + i) * interval_us for i in range(count)]
    found = leaving_per_s(departed, now_us, rate_per_s)
    assert rate_per_s * (1 - 1 / count) <= found <= rate_per_s * 1.001


def test_a_lane_at_rest_leaves_nothing() -> None:
    assert leaving_per_s([], 1e15, 2.0) == 0.0
    assert leaving_per_s([1e15 - 3600e6], 1e15, 2.0) < 0.001


def usage(scene: Scene) -> LaneUsage:
    return scene.ledger.lanes.usage([scene.lane])[scene.lane]


def test_a_lane_is_told_from_the_ledger(scene: Scene) -> None:
    scene.open(rate_per_s=1000, window=2)
    assert usage(scene).binds is Limit.NOTHING_TO_DO
    (chunk,) = scene.hand_in(5)
    assert usage(scene).binds is Limit.WORKERS
    scene.tick()
    assert usage(scene).binds is Limit.WORKERS, "being loaded"
    scene.load(chunk)
    claims = scene.release()
    found = usage(scene)
    assert (len(claims), found.in_window, found.binds) == (2, 2, Limit.RUNNING)
    assert found.jobs[JobState.RELEASED] == 2
    assert found.jobs[JobState.PENDING] == 3
    scene.ledger.lanes.stop(scene.lane, "Arrearage")
    assert usage(scene).binds is Limit.STOPPED
    scene.ledger.lanes.resume(scene.lane)
    scene.ledger.batches.hold(scene.batch, [scene.lane], Hold.BUDGET)
    assert usage(scene).binds is Limit.BUDGET
    scene.ledger.batches.unhold(scene.batch, [scene.lane], Hold.BUDGET)
    scene.ledger.batches.hold(scene.batch, [scene.lane], Hold.PAUSE)
    assert usage(scene).binds is Limit.PAUSED


def test_a_lane_at_its_rate_says_so(scene: Scene) -> None:
    scene.make_ready(9)
    scene.open(rate_per_s=0.5, burst=1, window=9)
    (claim,) = scene.release()
    bucket = scene.ledger.submit_bucket(scene.lane)
    assert bucket.take(0.5, 1, patience_s=9, order=claim.order).booked
    found = usage(scene)
    assert found.binds is Limit.RATE
    assert 0 < found.leaving_per_s <= 0.5


def test_a_daily_cap_is_no_fault_of_the_provider(scene: Scene) -> None:
    scene.make_ready(2)
    scene.open(rate_per_s=1)
    scene.ledger.submit_bucket(scene.lane).close(60)
    assert usage(scene).binds is Limit.BUDGET
    scene.ledger.submit_bucket(scene.lane).slow_down(120)
    found = usage(scene)
    assert (found.binds, found.rate_left) == (Limit.PROVIDER, 0.5)


def test_full_windows_of_tasks_nobody_may_ask_for_are_the_query_rates(scene: Scene) -> None:
    claims = scene.released(3, 2)
    for claim in claims[:3]:
        scene.bring(claim, JobState.RUNNING)
    for claim in claims[3:]:
        scene.bring(claim, JobState.PENDING)
    scene.ledger.lanes.open(scene.lane, LaneLimits(rate_per_s=1000, burst=1000, window=3))
    scene.ledger.client.zadd(scene.keys.turns, {scene.batch: 1})
    assert usage(scene).binds is Limit.RUNNING
    bucket = poll_bucket(scene.ledger.scripts, "dashscope", "default")
    for _ in range(2):
        bucket.take(1.0, 1, patience_s=9)
    assert usage(scene).binds is Limit.QUERY_RATE


def test_what_is_overdue_and_what_has_waited_longest(scene: Scene) -> None:
    scene.make_ready(2)
    scene.open(window=1)
    now_ms = scene.ledger.fleet.now_ms()
    scene.ledger.client.zadd(BATCHES, {BATCH: now_ms - 7_200_000, "other": now_ms - 9_000_000})
    (claim,) = scene.release()
    scene.ledger.client.zadd(scene.keys.agenda, {claim.ref: now_ms - 90_000})
    found = usage(scene)
    assert 90 <= found.agenda_lag_s < 150
    assert found.oldest_waiting_s is not None
    assert 7200 <= found.oldest_waiting_s < 7300, "of this lane's batches only"


def test_lanes_nobody_opened_are_left_out(scene: Scene) -> None:
    scene.open()
    assert list(scene.ledger.lanes.usage([LANE, "dashscope:wanx-v1@second"])) == [LANE]
    assert scene.ledger.lanes.usage([]) == {}
    status = scene.ledger.lanes.status(LANE)
    assert status is not None
    assert status.binds is Limit.NOTHING_TO_DO
