from __future__ import annotations

import math
import random  # noqa: TID251 - a seeded generator makes the simulation repeatable
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from worker.policy.looking import (
    AHEAD_S,
    DISTRUST,
    FEW,
    LEAST_SHARE,
    LISTS_A_PICTURE,
    LONGEST_S,
    SHORTEST_S,
    SINGLE_LOOKS,
    UNFILTERED_MOST,
    ended,
    interval_s,
    moments_s,
    most_asked,
    next_look_s,
    pages_expected,
    question,
    shown_alone,
    skew_held,
    youngest_s,
)
from worker.policy.polling import LEARNED_ENOUGH, backstop_s
from worker.providers.port import ListedTask

DICE = random.Random(7)
KNOWN = [DICE.lognormvariate(math.log(4.0), 0.4) for _ in range(100)]
MEAN_S = statistics.fmean(KNOWN)

learned_times = st.lists(st.floats(0.01, 20_000), max_size=60)
running = st.integers(0, 5000)
pages = st.integers(1, 50)
query_rates = st.floats(0.05, 1000)


@given(running, learned_times, pages, query_rates, st.booleans())
def test_looks_keep_within_the_accounts_rate(
    running: int, learned: list[float], pages: int, query_rate: float, looking: bool
) -> None:
    """What the pictures leave, and where they leave hardly anything, a small share."""
    wait_s = interval_s(running, learned, pages, query_rate, looking=looking)
    if wait_s is None:
        return
    assert wait_s >= SHORTEST_S
    assert wait_s <= max(LONGEST_S, pages / (LEAST_SHARE * query_rate))
    if len(learned) < LEARNED_ENOUGH:
        assert pages / wait_s <= query_rate / 2
        return
    ends_per_s = running / max(statistics.fmean(learned), 1e-3)
    left = max(query_rate - ends_per_s, LEAST_SHARE * query_rate)
    assert pages / wait_s <= left * 1.001 or wait_s >= LONGEST_S


@given(running, learned_times, pages, query_rates)
def test_what_is_worth_beginning_is_worth_going_on_with(
    running: int, learned: list[float], pages: int, query_rate: float
) -> None:
    begun = interval_s(running, learned, pages, query_rate, looking=False)
    assume(begun is not None)
    assert interval_s(running, learned, pages, query_rate, looking=True) == begun


@given(running, st.lists(st.floats(0.1, 100), min_size=LEARNED_ENOUGH), query_rates)
def test_lists_cost_a_picture_no_more_than_looks_at_it_alone(
    running: int, learned: list[float], query_rate: float
) -> None:
    wait_s = interval_s(running, learned, 1, query_rate, looking=False)
    assume(wait_s is not None and wait_s < LONGEST_S)
    assert wait_s is not None
    ends_per_s = running / statistics.fmean(learned)
    assert 1 / (wait_s * ends_per_s) <= LISTS_A_PICTURE * 1.001


@pytest.mark.parametrize(
    ("rate", "wait_s"), [(0.2, None), (0.5, None), (1.0, 0.83), (2.0, 0.5), (10.0, 0.5)]
)
def test_two_orders_a_second_are_worth_a_list_each_half_second(
    rate: float, wait_s: float | None
) -> None:
    found = interval_s(round(rate * MEAN_S), KNOWN, 1, 20.0, looking=False)
    assert found == (None if wait_s is None else pytest.approx(wait_s, abs=0.1))


def test_where_looks_one_by_one_would_not_fit_there_are_lists_however_late() -> None:
    slow = interval_s(10, [4.0] * 9, 1, 2.0, looking=False)
    assert SINGLE_LOOKS * 10 / 4.0 > 2.0
    assert slow is not None


def test_tasks_that_take_long_are_worth_a_list_that_comes_later() -> None:
    found = interval_s(10, [60.0] * 9, 1, 20.0, looking=False)
    assert found == pytest.approx(5.0)


def test_before_anything_was_learned_several_tasks_are_worth_a_list() -> None:
    assert interval_s(FEW - 1, [], 1, 20.0, looking=False) is None
    assert interval_s(FEW, [], 1, 20.0, looking=False) == SHORTEST_S
    assert interval_s(0, KNOWN, 1, 20.0, looking=True) is None


def test_hardly_any_task_ends_before_it_is_asked_for() -> None:
    assert youngest_s([]) == 0.0
    early = sum(time_s < youngest_s(KNOWN) for time_s in KNOWN)
    assert early <= 5


def listed(**tasks: bool) -> list[ListedTask]:
    return [ListedTask(ticket, 0.0, over) for ticket, over in tasks.items()]


def test_a_span_is_on_the_providers_clock_and_a_little_wider() -> None:
    asked = question(100.0, 110.0, 3.0, running_only=True)
    assert (asked.start_s, asked.end_s) == (102.0, 114.0)


@pytest.mark.parametrize(
    ("learned", "false_alarms", "orders", "alone"),
    [
        (KNOWN, 0, UNFILTERED_MOST + 1, True),
        (KNOWN, 0, UNFILTERED_MOST, False),
        (KNOWN[: LEARNED_ENOUGH - 1], 0, 5000, False),
        (KNOWN, DISTRUST, 5000, False),
    ],
)
def test_many_orders_are_asked_for_by_who_is_being_drawn(
    learned: list[float], false_alarms: int, orders: int, alone: bool
) -> None:
    assert shown_alone(learned, false_alarms, orders) is alone
    assert most_asked(running_only=False) <= 100


def test_pages_hold_a_hundred_of_the_tasks_that_were_there() -> None:
    asked = question(0.0, 100.0, 0.0, running_only=True)
    assert pages_expected([], asked) == 1
    assert pages_expected([50.0] * 100 + [200.0] * 500, asked) == 1
    assert pages_expected([50.0] * 101, asked) == 2
    assert pages_expected([50.0] * 101, question(0.0, 100.0, 0.0, running_only=False)) == 1


@pytest.mark.parametrize(
    ("running_only", "whole", "found"),
    [
        (False, True, ["over"]),
        (False, False, ["over"]),
        (True, True, ["over", "absent"]),
        (True, False, ["over"]),
    ],
)
def test_who_is_absent_has_ended_only_where_all_who_are_drawn_are_there(
    running_only: bool, whole: bool, found: list[str]
) -> None:
    asked = question(0.0, 1.0, 0.0, running_only=running_only)
    tickets = ["drawn", "over", "absent"]
    page = listed(drawn=False, over=True, stranger=True)
    assert ended(tickets, page, asked, whole=whole) == found


@given(st.integers(0, 2000), query_rates, st.floats(0, 100))
def test_tasks_are_asked_for_one_after_the_other(
    count: int, query_rate: float, busy_s: float
) -> None:
    moments = moments_s(count, query_rate, busy_s)
    assert len(moments) == count
    assert moments == sorted(moments)
    for place, moment in enumerate(moments):
        assert moment + AHEAD_S >= busy_s + place / query_rate - 1e-6
    if moments:
        assert moments[0] >= busy_s - 1e-6
        assert next_look_s(SHORTEST_S, moments[-1]) >= moments[-1]


def test_a_clock_that_is_elsewhere_is_noticed() -> None:
    assert skew_held(0.0, 1.0)
    assert not skew_held(0.0, 5.0)
    assert not skew_held(0.0, None)


@given(st.floats(0, 20_000), learned_times, st.floats(0, 1))
def test_a_task_is_looked_at_by_itself_in_the_end(
    elapsed_s: float, learned: list[float], dice: float
) -> None:
    wait_s = backstop_s(elapsed_s, learned, dice)
    assert 0 < wait_s <= max([*learned, 60.0]) * 2.2
    assert backstop_s(0.0, KNOWN, 0.5) > statistics.quantiles(KNOWN, n=20)[18]
