"""How early an order gets up, and what its answer tells of its way: pure decisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.policy.pacing import (
    DELAY_MOST_S,
    KNOWN_ENOUGH,
    LEAD_MOST_S,
    Heard,
    ahead_s,
    delay_s,
    lead_s,
)

times_s = st.lists(st.floats(0.0, 10.0), min_size=KNOWN_ENOUGH)


def test_who_knows_nothing_gets_up_at_the_slot_and_blames_no_way() -> None:
    few_s = [0.01] * (KNOWN_ENOUGH - 1)
    assert (lead_s([]), lead_s(few_s), delay_s(1.0, few_s)) == (0.0, 0.0, 0.0)


def test_most_of_the_last_orders_would_have_been_ready_in_time() -> None:
    assert lead_s([0.01] * 16 + [0.03] * 3 + [0.9]) == 0.03


@given(times_s)
def test_a_mark_is_never_far_ahead_of_its_request(overheads_s: list[float]) -> None:
    assert 0.0 <= lead_s(overheads_s) <= LEAD_MOST_S


def test_an_answer_later_than_usual_may_mean_a_late_order() -> None:
    usual_s = [0.01] * 20
    assert delay_s(0.01, usual_s) == 0.0
    assert delay_s(0.05, usual_s) == pytest.approx(0.04)


@given(st.floats(0.0, 100.0), times_s)
def test_a_slow_provider_is_no_late_order(answer_s: float, answers_s: list[float]) -> None:
    assert 0.0 <= delay_s(answer_s, answers_s) <= DELAY_MOST_S


@given(
    st.floats(-1e9, 1e9),
    st.lists(st.tuples(st.floats(0.0, 0.1), st.floats(0.0, 0.1)), min_size=1, max_size=40),
)
def test_the_quickest_answers_tell_the_time_best(
    true_s: float, delays_s: list[tuple[float, float]]
) -> None:
    heard = [
        Heard(true_s + moment_s, moment_s - way_s, moment_s + back_s)
        for moment_s, (way_s, back_s) in enumerate(delays_s)
    ]
    worst_s = (min(way for way, _ in delays_s) + min(back for _, back in delays_s)) / 2
    assert abs(ahead_s(heard) - true_s) <= worst_s + 1e-6


def test_when_a_clock_is_set_the_last_answer_counts() -> None:
    assert ahead_s([Heard(100.0, 0.0, 0.01), Heard(53.01, 3.0, 3.01)]) == pytest.approx(50.0)
