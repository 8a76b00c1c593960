"""Who is shut out for sending too much, and for how long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.standing import WINDOW_S, Standing

GAPS = st.lists(st.floats(0, 4), min_size=1, max_size=60)


@given(GAPS, st.integers(1, 5), st.floats(0, 30))
def test_no_ten_seconds_see_more_than_the_burst(
    gaps: list[float], burst: int, penalty_s: float
) -> None:
    standing, now_s, admitted = Standing(), 1000.0, []
    for gap in gaps:
        now_s += gap
        if standing.admit("a", now_s, burst, penalty_s):
            admitted.append(now_s)

    if penalty_s >= WINDOW_S:
        for first in admitted:
            assert sum(first <= moment < first + WINDOW_S for moment in admitted) <= burst
    assert len(admitted) >= min(burst, len(gaps))


def test_a_penalty_lasts_as_long_as_it_says_and_is_not_prolonged() -> None:
    standing = Standing()
    answers = [
        (moment, standing.admit("a", moment, 1, 60.0)) for moment in (0, 1, 2, 30, 60, 61, 62)
    ]
    assert [moment for moment, admitted in answers if admitted] == [0, 61]


def test_accounts_do_not_pay_for_each_other() -> None:
    standing = Standing()
    assert standing.admit("a", 0.0, 1, 60.0)
    assert not standing.admit("a", 0.0, 1, 60.0)
    assert standing.admit("b", 0.0, 1, 60.0)
    standing.forgive()
    assert standing.admit("a", 0.0, 1, 60.0)
