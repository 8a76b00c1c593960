"""The breaker: a run of orders that went wrong closes a lane for a while, then one is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.bucket import Bucket
from ledger.lanes import BREAKER_MOST_S, BREAKER_S
from ledger.opening import Ledger
from ledger.tick import FAULTS_IN_A_ROW
from schemas.states import JobState
from tests.ledger.scene import Scene


def _fail(scene: Scene, times: int) -> tuple[int, float]:
    for _ in range(times):
        last = scene.ledger.lanes.count_fault(scene.lane)
    return last


def _pass_time(scene: Scene, passed_s: float) -> None:
    """Backdate what the bucket remembers."""
    held: Any = scene.ledger.client.hgetall(scene.keys.bucket)
    for name in held.keys() & {"tat_us", "closed_until_us"}:
        earlier = int(held[name]) - int(passed_s * 1e6)
        scene.ledger.client.hset(scene.keys.bucket, name, earlier)


def test_it_opens_after_a_run_of_faults(scene: Scene) -> None:
    scene.make_ready(3)
    scene.open()
    assert _fail(scene, FAULTS_IN_A_ROW - 1) == (FAULTS_IN_A_ROW - 1, 0.0)
    assert len(scene.release(room=1)) == 1
    assert _fail(scene, 1) == (FAULTS_IN_A_ROW, BREAKER_S)
    assert scene.release() == []
    assert not scene.ledger.submit_bucket(scene.lane).take(1000, 1000, 1).booked


def test_orders_under_way_when_it_opened_say_nothing_new(scene: Scene) -> None:
    _fail(scene, FAULTS_IN_A_ROW)
    faults, open_s = _fail(scene, 5)
    assert faults == FAULTS_IN_A_ROW + 5
    assert 0 < open_s <= BREAKER_S
    _pass_time(scene, BREAKER_S)
    assert _fail(scene, 1)[1] == 2 * BREAKER_S


def test_each_probe_that_fails_doubles_the_pause_up_to_the_most(scene: Scene) -> None:
    pauses = [_fail(scene, FAULTS_IN_A_ROW)[1]]
    for _ in range(8):
        _pass_time(scene, pauses[-1])
        pauses.append(_fail(scene, 1)[1])
    assert pauses[:3] == [BREAKER_S, 2 * BREAKER_S, 4 * BREAKER_S]
    assert pauses[-1] == pauses[-2] == BREAKER_MOST_S


def test_after_the_pause_one_is_tried_at_a_time(scene: Scene) -> None:
    scene.make_ready(5)
    scene.open()
    _fail(scene, FAULTS_IN_A_ROW)
    _pass_time(scene, BREAKER_S)
    (probe,) = scene.release()
    assert scene.release() == []
    scene.bring(probe, JobState.FAILED)
    assert len(scene.release()) == 1


@pytest.mark.parametrize(
    "taken", [JobState.RUNNING, JobState.STORING, JobState.SUCCEEDED, JobState.PARTIAL]
)
def test_an_order_that_is_taken_closes_it(scene: Scene, taken: JobState) -> None:
    scene.make_ready(6)
    scene.open()
    (probe,) = scene.release(room=1)
    _fail(scene, FAULTS_IN_A_ROW)
    _pass_time(scene, BREAKER_S)
    scene.go(probe, JobState.SUBMITTING)
    scene.go(probe, taken)
    assert len(scene.release()) == 5
    assert _fail(scene, 1) == (1, 0.0)


@pytest.mark.parametrize(
    "state", [JobState.SUBMITTING, JobState.UNCERTAIN, JobState.FAILED, JobState.PENDING]
)
def test_an_order_that_was_not_taken_leaves_it_open(scene: Scene, state: JobState) -> None:
    (claim,) = scene.released(1)
    _fail(scene, FAULTS_IN_A_ROW)
    scene.bring(claim, state)
    assert _fail(scene, 1)[0] == FAULTS_IN_A_ROW + 1


def test_a_pause_keeps_slots_that_are_booked_far_ahead(scene: Scene) -> None:
    bucket: Bucket = scene.ledger.submit_bucket(scene.lane)
    bucket.take(1 / 3600, 1, 0)
    _fail(scene, FAULTS_IN_A_ROW)
    assert scene.ledger.client.pttl(scene.keys.bucket) > 3_600_000


@dataclass
class BreakerModel:
    """What the breaker should do, in plain Python; time as seconds since the beginning."""

    now_s: float = 0.0
    faults: int = 0
    probes: int = 0
    open_until_s: float = 0.0

    def fault(self) -> tuple[int, float]:
        self.faults += 1
        if self.faults < FAULTS_IN_A_ROW:
            return self.faults, 0.0
        if self.open_until_s <= self.now_s:
            pause_s = min(BREAKER_S * 2**self.probes, BREAKER_MOST_S)
            self.probes += 1
            self.open_until_s = self.now_s + pause_s
        return self.faults, self.open_until_s - self.now_s

    def taken(self) -> None:
        self.faults = self.probes = 0


EVENTS = st.lists(
    st.one_of(
        st.just("fault"), st.just("fault"), st.just("taken"), st.sampled_from([3.5, 11.5, 130.5])
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(first=st.integers(0, FAULTS_IN_A_ROW + 1), events=EVENTS)
def test_any_sequence_of_faults(
    session_ledger: Ledger, first: int, events: list[str | float]
) -> None:
    session_ledger.client.flushall()
    scene, model = Scene(session_ledger), BreakerModel()
    scene.make_ready(len(events) + 1)
    scene.open()
    claims = iter(scene.release())
    for event in ["fault"] * first + events:
        if isinstance(event, float):
            _pass_time(scene, event)
            model.now_s += event
        elif event == "fault":
            (faults, open_s), (expected, expected_s) = _fail(scene, 1), model.fault()
            assert faults == expected
            assert open_s == pytest.approx(expected_s, abs=2)
        else:
            claim = next(claims)
            scene.go(claim, JobState.SUBMITTING)
            scene.go(claim, JobState.RUNNING)
            model.taken()
