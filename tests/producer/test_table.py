"""Tables on terminals of any width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.table import fits, print_table

LANE = "dashscope:wanx-v1@default"
COLUMNS = ("lane", "rate", "in play", "limited by")
ROW = (LANE, "2/s", "3", "the account's task queries, which everybody shares")


def printed(width: int | None, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_table(COLUMNS, [ROW], width=width)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_what_fits_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(100, capsys) == [
        "lane                       rate  in play  limited by",
        f"{LANE}  2/s   3        {ROW[-1]}",
    ]


def test_the_last_column_is_folded_where_that_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    header, *lines = printed(70, capsys)
    assert header.endswith("limited by")
    assert len(lines) > 1
    assert lines[0].startswith(f"{LANE}  2/s   3        the account's")


def test_a_narrow_terminal_gets_a_list_under_each_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(50, capsys) == [
        LANE,
        "  rate: 2/s; in play: 3; limited by: the account's",
        "  task queries, which everybody shares",
    ]


def test_a_name_is_whole_on_the_narrowest(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(12, capsys)[0] == LANE


def test_a_list_leaves_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("batch", "failed", "images", ""), [("night" * 9, "", "7", "parked")], width=30)
    assert capsys.readouterr().out.split() == ["night" * 9, "images:", "7;", "parked"]


def test_nothing_is_cut_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(printed(None, capsys)) == 2


@given(st.lists(st.text("x猫", max_size=9), min_size=2, max_size=5), st.integers(1, 90))
def test_more_room_never_hurts(cells: list[str], width: int) -> None:
    columns = ["column"] * len(cells)
    if fits(columns, [cells], width):
        assert fits(columns, [cells], width + 1)
        assert sum(map(len, cells[:-1])) < width
