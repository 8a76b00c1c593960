from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.cell import cell_text, guarded, unguarded

STARTS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1+1", "'＝1+1"),
        ("-", "'-"),
        ("--5", "'--5"),
        ("-5\n", "'-5\n"),
        ("-5+cmd", "'-5+cmd"),
        ("-٥", "'-٥"),
        ("-5", "-5"),
        ("+3.2", "+3.2"),
        ("-.5e-3", "-.5e-3"),
        ("+8613800138000", "+8613800138000"),
        ("", ""),
        ("a=b", "a=b"),
        ("'=1", "''=1"),
        ("'-5", "''-5"),
        ("'tis", "'tis"),
        ("杯子", "杯子"),
    ],
)
def test_formulas_are_guarded_and_numbers_are_not(text: str, expected: str) -> None:
    assert guarded(text) == expected


TEXTS = st.one_of(
    st.text(),
    st.tuples(st.sampled_from(["", "'", "''"]), st.sampled_from(STARTS), st.text()).map("".join),
    st.from_regex(r"[+-][0-9]{1,3}(\.[0-9])?.?", fullmatch=True),
)


@given(TEXTS)
def test_no_guarded_cell_starts_a_formula(text: str) -> None:
    safe = guarded(text)

    if safe.startswith(tuple(STARTS)):
        assert re.fullmatch(r"[+-][0-9.]+([eE][+-]?[0-9]+)?", safe)
        float(safe)
    assert safe in (text, f"'{text}")
    assert unguarded(safe) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=6))
def test_cells_come_back_from_a_reader_of_csv(cells: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow([guarded(cell) for cell in cells])
    written.seek(0)

    (read,) = csv.reader(written)

    assert read == [guarded(cell) for cell in cells]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (" text ", " text "),
        (7, "7"),
        (0.5, "0.5"),
        (True, "true"),
        ({"颜色": ["red"]}, '{"颜色": ["red"]}'),
    ],
)
def test_values_become_text(value: Any, expected: str) -> None:
    assert cell_text(value) == expected
