"""Where rows of an account that fails go, and which holds a lane that joins a batch gets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.batch import Batch, Hold, LaneCounts
from worker.policy.diverting import AHEAD_S, Alike, OpenLane, holds_owed, next_target

LANES = st.lists(
    st.builds(OpenLane, st.text("abc", min_size=1), st.floats(0.1, 100), st.integers(0, 10**6)),
    unique_by=lambda lane: lane.lane,
)


@given(LANES)
def test_the_lane_that_is_out_of_rows_first_gets_them(lanes: list[OpenLane]) -> None:
    target = next_target(lanes)
    if target is None:
        assert all(lane.waiting / lane.rate_per_s >= AHEAD_S for lane in lanes)
    else:
        assert target.lasts_s == min(lane.lasts_s for lane in lanes) < AHEAD_S


@given(LANES)
def test_lanes_have_enough_after_a_while(lanes: list[OpenLane]) -> None:
    there = {lane.lane: lane for lane in lanes}
    for _ in range(len(lanes) * 30):  # 100 a second for 120 s are 24 chunks
        target = next_target(list(there.values()))
        if target is None:
            return
        there[target.lane] = target.with_more(500)
    assert next_target(list(there.values())) is None


def batch(**lanes: int) -> Batch:
    return Batch(
        batch="night",
        manifest="night.csv",
        manifest_sha256="0",
        columns=[],
        total=sum(lanes.values()),
        lanes=lanes,
        currencies={name: "USD" if name.startswith("usd") else "CNY" for name in lanes},
        created_at="2026-11-20T20:00:00+00:00",
    )


def counts(**holds: list[Hold]) -> list[LaneCounts]:
    return [LaneCounts(lane=name, states={}, holds=said) for name, said in holds.items()]


def test_a_lane_that_joined_is_held_as_all_others_are() -> None:
    both = [Hold.CANCEL, Hold.BUDGET]
    owed = holds_owed(batch(a=3, b=2, c=0), counts(a=both, b=[Hold.CANCEL], c=[]))
    assert owed == [Alike("c", Hold.CANCEL, held=True)]


def test_a_budget_holds_what_is_billed_alike() -> None:
    owed = holds_owed(batch(a=3, usd=2, c=0), counts(a=[Hold.BUDGET], usd=[], c=[]))
    assert owed == [Alike("c", Hold.BUDGET, held=True)]


def test_what_was_taken_back_is_taken_back_there_too_but_no_cancel() -> None:
    there = counts(a=[], c=[Hold.PAUSE, Hold.CANCEL])
    assert holds_owed(batch(a=3, c=0), there) == [Alike("c", Hold.PAUSE, held=False)]


def test_lanes_with_rows_of_their_own_are_held_by_nobody_else() -> None:
    assert holds_owed(batch(a=3, b=2), counts(a=[Hold.PAUSE], b=[])) == []
