"""Whether a figure meets its target, and what the table says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.aims import Aim, judged, missed_by
from bench.results import Figures, Taken

FAST = Aim(
    "submit",
    "`submit` of {rows:,} rows",
    lambda found: found.get("rows_per_s"),
    "{:,.0f} rows/s",
    at_least=40_000.0,
    why="one core",
)
FEW = Aim("quota", "refused", lambda found: found["refused"], "{:.0f}", at_most=0)
SMALL = Aim("redis", "memory", lambda found: found["mb"], "{:.1f} MB", at_most=30.0)


def _taken(figures: Figures, failed: str = "") -> Taken:
    return Taken("2026-11-21 05:00 UTC", "0.1 0.2 0.3", 12.0, False, figures, failed)


def test_a_figure_that_meets_its_target_says_so() -> None:
    row = judged(FAST, _taken({"rows": 1_000_000, "rows_per_s": 45_123.4}))
    assert row == ("`submit` of 1,000,000 rows", "45,123 rows/s", ">= 40,000 rows/s", "yes")


def test_a_target_that_is_missed_says_by_how_much_and_why() -> None:
    row = judged(FAST, _taken({"rows": 1000, "rows_per_s": 30_000.0}))
    assert row[3] == "**no**, 25.0% short: one core"


@pytest.mark.parametrize(
    ("aim", "figures", "said"),
    [
        (FEW, {"refused": 0}, "yes"),
        (FEW, {"refused": 3}, "**no**, 3 too many"),
        (SMALL, {"mb": 30.0}, "yes"),
        (SMALL, {"mb": 33.0}, "**no**, 10.0% over"),
    ],
)
def test_what_may_be_at_most(aim: Aim, figures: Figures, said: str) -> None:
    assert judged(aim, _taken(figures))[3] == said


def test_what_was_not_measured_is_never_met() -> None:
    assert judged(FAST, None)[::3] == ("`submit` of ... rows", "not measured")
    assert judged(FAST, _taken({"rows": 5}))[3] == "not measured"
    assert judged(FAST, _taken({}, "Failed: no server"))[3] == "**no figure**: it failed"


@given(st.floats(0, 1e9), st.floats(0.001, 1e9))
def test_a_target_is_missed_exactly_beyond_its_limit(found: float, limit: float) -> None:
    least = Aim("m", "w", lambda _: found, "{}", at_least=limit)
    most = Aim("m", "w", lambda _: found, "{}", at_most=limit)
    assert bool(missed_by(least, found)) == (found < limit)
    assert bool(missed_by(most, found)) == (found > limit)


def test_a_quick_run_is_told_apart() -> None:
    taken = replace(_taken({"rows": 20, "rows_per_s": 50_000.0}), quick=True)
    assert judged(FAST, taken)[3] == "yes (quick run)"
