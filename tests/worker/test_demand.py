"""As many threads are wanted as a lane's limits can keep busy, never as many as rows wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.policy.demand import ORDER_S, STORING_MOST, LaneLoad, Wanted, threads_wanted

TWO_A_SECOND = LaneLoad(
    orders=True,
    pending=1_000_000,
    at_provider=2,
    storing=0,
    rate_per_s=2.0,
    window=100,
    generation_s=20.0,
    synchronous=False,
)
LONG = replace(TWO_A_SECOND, synchronous=True, window=10)

LOADS = st.builds(
    LaneLoad,
    orders=st.booleans(),
    pending=st.integers(0, 10**6),
    at_provider=st.integers(0, 1000),
    storing=st.integers(0, 10**6),
    rate_per_s=st.floats(0.01, 1000),
    window=st.integers(1, 1000),
    generation_s=st.floats(0, 1000),
    synchronous=st.booleans(),
)


@pytest.mark.parametrize(
    ("load", "wanted"),
    [
        (TWO_A_SECOND, Wanted(2 * ORDER_S, 0)),
        (replace(TWO_A_SECOND, pending=0), Wanted(0, 0)),
        (replace(TWO_A_SECOND, pending=1), Wanted(ORDER_S, 0)),
        (replace(TWO_A_SECOND, orders=False), Wanted(0, 0)),
        (replace(TWO_A_SECOND, window=10), Wanted(0.5 * ORDER_S, 0)),
        (replace(TWO_A_SECOND, orders=False, storing=3), Wanted(3, 0)),
        (replace(TWO_A_SECOND, pending=0, storing=9999), Wanted(STORING_MOST * 2 * ORDER_S, 0)),
        (LONG, Wanted(0, 10)),
        (replace(LONG, pending=3), Wanted(0, 5)),
        (replace(LONG, rate_per_s=0.2), Wanted(0, 4)),
        (replace(LONG, orders=False), Wanted(0, 2)),
        (replace(LONG, at_provider=12), Wanted(0, 12)),
    ],
)
def test_what_a_lane_keeps_busy(load: LaneLoad, wanted: Wanted) -> None:
    assert threads_wanted(load) == wanted


@given(LOADS)
def test_a_longer_backlog_wants_no_more_than_the_limits_allow(load: LaneLoad) -> None:
    found, longer = threads_wanted(load), threads_wanted(replace(load, pending=10**9))
    assert found <= longer
    if not load.synchronous:
        assert longer.short <= (1 + STORING_MOST) * load.rate_per_s * ORDER_S * (1 + 1e-9)
    assert longer.long <= max(load.window, load.at_provider)


@given(LOADS)
def test_a_lane_without_work_wants_nobody(load: LaneLoad) -> None:
    assert threads_wanted(replace(load, pending=0, at_provider=0, storing=0)) == Wanted(0, 0)
