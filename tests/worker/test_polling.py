from __future__ import annotations

import math
import random  # noqa: TID251 - a seeded generator makes the simulation repeatable
import statistics
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failure import ErrorClass
from worker.policy.polling import (
    JITTER,
    MIN_GAP_S,
    POLL_DEADLINE_S,
    TAIL_MAX_S,
    lost,
    next_poll_s,
    overdue,
)

times = st.lists(st.floats(0, 20_000), max_size=60)


@dataclass(frozen=True)
class Simulated:
    polls: float
    delay_p50_s: float
    delay_p95_s: float


def simulate(median_s: float, jobs: int = 2000, seed: int = 7, learned_n: int = 200) -> Simulated:
    """Jobs of log-normal duration (sigma 0.4), each polled until its picture is noticed."""
    dice = random.Random(seed)

    def duration_s() -> float:
        return dice.lognormvariate(math.log(median_s), 0.4)

    polls = 0
    delays_s: list[float] = []
    learned: list[float] = []
    for job in range(jobs):
        if job % 100 == 0:
            learned = [duration_s() for _ in range(learned_n)]
        ready_s, elapsed_s = duration_s(), 0.0
        while elapsed_s < ready_s:
            elapsed_s += next_poll_s(elapsed_s, learned, 20.0, dice.uniform(0, 1))
            polls += 1
        delays_s.append(elapsed_s - ready_s)
    cuts = statistics.quantiles(delays_s, n=20)
    return Simulated(polls / jobs, cuts[9], cuts[18])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_short_jobs_cost_few_polls_and_are_noticed_soon(seed: int) -> None:
    found = simulate(4.0, seed=seed)
    assert found.polls <= 2.5
    assert found.delay_p50_s <= 0.7
    assert found.delay_p95_s <= 1.5


def test_longer_jobs_cost_no_more_polls() -> None:
    assert simulate(12.0).polls <= 3.0


def test_a_small_sample_costs_little() -> None:
    found = simulate(4.0, learned_n=20)
    assert found.polls <= 2.75
    assert found.delay_p95_s <= 2.0


def test_before_anything_was_learned_looks_begin_early_and_spread() -> None:
    assert next_poll_s(0.0, [], 20.0, 0.5) == pytest.approx(1.0)
    assert next_poll_s(8.0, [], 20.0, 0.5) == pytest.approx(4.0)
    assert next_poll_s(0.0, [3.0] * 4, 20.0, 0.5) == pytest.approx(1.0)
    assert next_poll_s(0.0, [3.0] * 5, 20.0, 0.5) == pytest.approx(3.0)


def test_a_first_look_may_come_at_once_where_pictures_do() -> None:
    assert next_poll_s(0.0, [0.01] * 10, 20.0, 0.5) == pytest.approx(0.01)


def test_a_look_made_early_by_jitter_is_not_repeated_at_once() -> None:
    learned = [float(time_s) for time_s in range(10, 60)]
    first_s = next_poll_s(0.0, learned, 20.0, 0.0)
    assert next_poll_s(first_s, learned, 20.0, 0.5) > 5.0


def test_beyond_all_that_was_learned_the_interval_grows_up_to_a_bound() -> None:
    waits_s = [next_poll_s(elapsed_s, [4.0] * 9, 4.0, 0.5) for elapsed_s in (5, 20, 100, 10_000)]
    assert waits_s == pytest.approx([0.5, 2.0, 10.0, TAIL_MAX_S])


@given(st.floats(0, 20_000), times, st.floats(0.5, 120), st.floats(0, 1))
def test_a_wait_is_bounded_and_never_negative(
    elapsed_s: float, learned: list[float], typical_s: float, dice_value: float
) -> None:
    wait_s = next_poll_s(elapsed_s, learned, typical_s, dice_value)
    assert wait_s > 0
    assert wait_s <= max([*learned, 2 * typical_s, TAIL_MAX_S]) * (1 + JITTER)
    if elapsed_s > max([*learned, 2 * typical_s]):
        assert wait_s >= MIN_GAP_S


def test_a_task_ends_after_its_deadline_and_not_before() -> None:
    assert overdue(POLL_DEADLINE_S - 1) is None
    late = overdue(POLL_DEADLINE_S)
    assert late is not None
    assert late.error_class is ErrorClass.TIMEOUT


def test_an_unknown_task_may_be_new_but_not_for_long() -> None:
    assert lost(5.0) is None
    gone = lost(61.0)
    assert gone is not None
    assert gone.error_class is ErrorClass.LOST
