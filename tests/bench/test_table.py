"""The tables of bench/README.md, from figures alone."""

from __future__ import annotations

import pytest

from bench import table
from bench.details import DETAILS, ratio
from bench.grid import grid
from bench.measurements import MEASUREMENTS
from bench.promises import PROMISES
from bench.results import Results, Taken, read
from bench.sharing import expected, fairness

NAMES = {each.name for each in MEASUREMENTS}


def test_every_promise_and_every_table_has_its_measurement() -> None:
    assert {aim.measurement for aim in PROMISES} <= NAMES
    assert set(DETAILS) == NAMES


def test_each_promise_says_its_limit_once() -> None:
    assert all((aim.at_least is None) != (aim.at_most is None) for aim in PROMISES)
    assert len({aim.what for aim in PROMISES}) == len(PROMISES)


def test_nothing_measured_is_a_table_too() -> None:
    text = table.markdown(Results({"CPU": "two"}, {}))
    assert text.count("not measured") == len(PROMISES)


def test_a_measurement_that_failed_is_said() -> None:
    failed = Taken("now", "0", 3.0, False, {}, "Failed: waited 60 s in vain | for the workers")
    text = table.markdown(Results({}, {"million": failed}))
    assert "waited 60 s in vain / for the workers" in text


def test_the_figures_kept_here_make_the_table_of_the_page() -> None:
    kept = read(table.RESULTS)
    assert kept is not None
    assert table.markdown(kept) in table.README.read_text(encoding="utf-8")


def test_a_grid_lines_up() -> None:
    assert grid(("a", "b"), [("long one", "x|y\nz")]).splitlines() == [
        "| a        | b     |",
        "| -------- | ----- |",
        "| long one | x/y z |",
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [(1.0, 2.0, "0.50"), (None, 2.0, "–"), (1.0, None, "–"), (1.0, 0.0, "–"), (0.0, 2.0, "0.00")],
)
def test_a_ratio_needs_both(ours: float | None, theirs: float | None, said: str) -> None:
    assert ratio({"late_s": ours}, {"late_s": theirs}, "late_s") == said


def test_fairness_is_the_least_part_of_ones_due() -> None:
    due = expected({"mug": 4, "bowl": 4, "plate": 1})
    assert due["plate"] == pytest.approx(1 / 9)
    assert fairness({"mug": 40, "bowl": 40, "plate": 10}, due) == pytest.approx(1.0)
    assert fairness({"mug": 80, "bowl": 0, "plate": 10}, due) == 0.0
    assert fairness({"mug": 0, "bowl": 0, "plate": 0}, due) == 0.0
