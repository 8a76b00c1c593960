"""Each flavour of limiter against a count made independently of it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.limiter import FixedWindow, SlidingWindow, TokenBucket, new_limiter

RATES = st.integers(1, 12)
# Whole milliseconds (as sixty-fourths would be), so that windows can be checked without rounding.
GAPS = st.lists(st.integers(0, 1500), max_size=80)
TICKS_PER_S = 1024  # a power of two: every tick is exact in floating point


def _arrivals(gaps: list[int]) -> list[int]:
    ticks, now = [], 0
    for gap in gaps:
        now += gap
        ticks.append(now)
    return ticks


@given(rate=RATES, gaps=GAPS)
def test_sliding_window_never_exceeds_the_rate_in_any_second(rate: int, gaps: list[int]) -> None:
    limiter = SlidingWindow(rate)
    admitted = [t for t in _arrivals(gaps) if limiter.admit(t / TICKS_PER_S)]

    for start in admitted:
        assert sum(start <= t < start + TICKS_PER_S for t in admitted) <= rate


@given(rate=RATES, gaps=GAPS)
def test_sliding_window_refuses_only_when_the_last_second_is_full(
    rate: int, gaps: list[int]
) -> None:
    limiter = SlidingWindow(rate)
    admitted: list[int] = []
    for tick in _arrivals(gaps):
        within = sum(tick - TICKS_PER_S < t for t in admitted)
        assert limiter.admit(tick / TICKS_PER_S) == (within < rate)
        if within < rate:
            admitted.append(tick)


@given(rate=RATES, gaps=GAPS)
def test_fixed_window_counts_by_the_second_of_the_clock(rate: int, gaps: list[int]) -> None:
    limiter = FixedWindow(rate)
    counts: dict[int, int] = {}
    for tick in _arrivals(gaps):
        second = tick // TICKS_PER_S
        counts[second] = counts.get(second, 0) + 1
        assert limiter.admit(tick / TICKS_PER_S) == (counts[second] <= rate)


@given(rate=RATES, gaps=GAPS)
def test_token_bucket_never_exceeds_its_capacity_plus_what_flowed_in(
    rate: int, gaps: list[int]
) -> None:
    limiter = TokenBucket(rate)
    admitted = [t for t in _arrivals(gaps) if limiter.admit(t / TICKS_PER_S)]

    for first, start in enumerate(admitted):
        for last, end in enumerate(admitted[first:], first):
            flowed = Fraction(end - start, TICKS_PER_S) * rate
            assert last - first + 1 <= max(1, rate) + flowed + Fraction(1, 1000)


@given(rate=RATES, gaps=GAPS)
def test_token_bucket_admits_whatever_an_exact_bucket_admits(rate: int, gaps: list[int]) -> None:
    limiter = TokenBucket(rate)
    tokens, filled = Fraction(max(1, rate)), 0
    for tick in _arrivals(gaps):
        tokens = min(Fraction(max(1, rate)), tokens + Fraction(tick - filled, TICKS_PER_S) * rate)
        filled = tick
        assert limiter.admit(tick / TICKS_PER_S) == (tokens >= 1)
        tokens -= 1 if tokens >= 1 else 0


@pytest.mark.parametrize("flavour", ["token-bucket", "sliding-window", "fixed-window"])
@given(rate=st.floats(0.1, 50))
def test_an_even_pace_at_the_rate_is_never_refused(flavour: str, rate: float) -> None:
    # Windows hold whole requests, so only the whole part of the rate is promised.
    pace = rate if flavour == "token-bucket" or rate < 1 else int(rate)
    limiter = new_limiter(flavour, rate)

    # A hair later than even: a window's edge itself is a matter of rounding.
    assert all(limiter.admit(1000 + i / pace * 1.000001) for i in range(100))


@pytest.mark.parametrize("flavour", ["token-bucket", "sliding-window", "fixed-window"])
def test_a_rate_below_one_still_lets_the_first_request_in(flavour: str) -> None:
    limiter = new_limiter(flavour, 0.5)

    assert [limiter.admit(t) for t in (10.0, 10.5, 11.0, 12.001)] == [True, False, False, True]
