"""How fast a batch goes, and when it will be done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.pace import LOOK_BACK_S, Figures, Pace, duration
from tests.submission.statuses import status


def test_one_look_says_nothing() -> None:
    assert Pace().see(status(succeeded=5, images=5), 100.0) == Figures(0.0, None)


def test_two_looks_give_speed_and_time_left() -> None:
    pace = Pace()
    pace.see(status(), 100.0)
    assert pace.see(status(succeeded=20, images=40), 110.0) == Figures(240.0, 40.0)


def test_what_was_done_before_we_looked_is_no_speed() -> None:
    pace = Pace()
    pace.see(status(succeeded=50, images=50), 0.0)
    assert pace.see(status(succeeded=60, images=60), 10.0) == Figures(60.0, 40.0)


def test_where_nothing_moves_no_time_is_promised() -> None:
    pace = Pace()
    pace.see(status(succeeded=5, images=5), 0.0)
    assert pace.see(status(succeeded=5, images=5), 30.0) == Figures(0.0, None)


def test_only_the_last_minute_counts() -> None:
    pace = Pace()
    pace.see(status(), 0.0)
    pace.see(status(succeeded=60, images=60), 1.0)
    for second in range(2, 121):
        figures = pace.see(status(succeeded=60, images=60), float(second))
    assert figures == Figures(0.0, None)
    assert LOOK_BACK_S == 60


def test_a_look_after_a_long_sleep_counts_from_the_last() -> None:
    pace = Pace()
    for moment, done in ((0.0, 0), (1.0, 1), (1000.0, 50)):
        figures = pace.see(status(succeeded=done, images=done), moment)
    assert figures.remaining_s == pytest.approx(999 * 50 / 49)


def test_a_finished_batch_has_no_time_left() -> None:
    pace = Pace()
    pace.see(status(), 0.0)
    assert pace.see(status(succeeded=100, images=100), 10.0).remaining_s == 0


@given(st.lists(st.tuples(st.floats(0, 300), st.integers(0, 20)), max_size=30))
def test_figures_are_never_negative(steps: list[tuple[float, int]]) -> None:
    pace, now_s, done = Pace(), 0.0, 0
    for elapsed_s, more in steps:
        now_s, done = now_s + elapsed_s, min(done + more, 100)
        figures = pace.see(status(succeeded=done, images=done), now_s)
        assert figures.images_per_min >= 0
        assert figures.remaining_s is None or figures.remaining_s >= 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7800, "2 h 10 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_spans_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
