"""How long a lane takes, computed from its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.lane_time import Bound, LaneTime, generation_time_s, lane_time, running_of
from schemas.catalogue import catalogue
from schemas.lane import LaneLimits
from schemas.model import window_of

SPEEDS = st.builds(
    LaneTime,
    rate_per_s=st.floats(0.01, 100),
    running=st.integers(1, 100),
    generation_s=st.floats(0.1, 1000),
)
JOBS = st.integers(1, 10**6)


@pytest.mark.parametrize(
    ("speed", "jobs", "takes_s", "bound"),
    [
        (LaneTime(2, 1, 20), 1, 20, Bound.RUNNING),
        (LaneTime(2, 1, 20), 30, 600, Bound.RUNNING),
        (LaneTime(2, 4, 20), 30, 160, Bound.RUNNING),
        (LaneTime(2, 100, 20), 201, 120, Bound.RATE),
        (LaneTime(1 / 60, 10, 5), 3, 125, Bound.RATE),
    ],
)
def test_a_lane_takes_as_long_as_its_narrower_limit_says(
    speed: LaneTime, jobs: int, takes_s: float, bound: Bound
) -> None:
    assert speed.takes_s(jobs) == pytest.approx(takes_s)
    assert speed.bound(jobs) is bound


def test_nothing_takes_no_time() -> None:
    assert LaneTime(2, 1, 20).takes_s(0) == 0


@given(speed=SPEEDS, jobs=JOBS)
def test_no_lane_is_faster_than_either_limit(speed: LaneTime, jobs: int) -> None:
    takes_s = speed.takes_s(jobs)
    assert takes_s >= speed.generation_s
    assert takes_s * speed.running >= jobs * speed.generation_s * 0.999
    assert takes_s >= (jobs - 1) / speed.rate_per_s
    assert speed.takes_s(jobs + 1) >= takes_s


@given(st.integers(1, 500))
def test_a_window_tells_the_running_limit_it_was_made_for(running: int) -> None:
    assert running_of(window_of(running), 1) == running
    assert running_of(window_of(running), running) == running


@pytest.mark.parametrize(
    ("window", "known", "running"),
    [
        (3, 1, 1),
        (2, 1, 1),  # as many at once as is known, however small the window
        (10, 25, 10),  # made smaller by hand: no more than it lets through
        (20, 1, 14),  # made larger by hand: the account is allowed more than the catalogue says
    ],
)
def test_a_window_set_by_hand(window: int, known: int, running: int) -> None:
    assert running_of(window, known) == running


def test_what_was_learned_counts_without_the_wait_for_a_place() -> None:
    # Of three orders at the provider one is drawn: what took a minute may have been 20 s of work.
    assert generation_time_s(20, None, 1 / 3) == 20
    assert generation_time_s(20, 60, 1 / 3) == 20
    assert generation_time_s(20, 120, 1 / 3) == pytest.approx(40)
    assert generation_time_s(20, 6, 1 / 3) == 6


@given(typical_s=st.floats(0.1, 1000), learned_s=st.floats(0.1, 1000), share=st.floats(0.01, 1.0))
def test_nothing_takes_longer_than_it_took(
    typical_s: float, learned_s: float, share: float
) -> None:
    found_s = generation_time_s(typical_s, learned_s, share)
    assert learned_s * share * 0.999 <= found_s <= learned_s


def test_a_models_own_limits_are_taken_apart() -> None:
    wanx = catalogue().find("wanx-v1", "dashscope")
    assert lane_time(wanx, wanx.limits, None) == LaneTime(2, 1, wanx.typical_s)


def test_a_synchronous_models_window_has_no_slack() -> None:
    model = next(each for each in catalogue() if each.synchronous and each.running > 1)
    limits = LaneLimits(rate_per_s=5, window=model.running)
    assert lane_time(model, limits, 7.0) == LaneTime(5, model.running, 7.0)
