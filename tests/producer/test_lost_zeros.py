"""Lost leading zeros are found where the column shows them, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.lost_zeros import CodeColumns


def cautions(codes: Sequence[object]) -> list[str]:
    columns = CodeColumns(["ean"])
    for line, code in enumerate(codes, 2):
        columns.see(line, {"ean": code})
    return [str(caution) for caution in columns.cautions()]


def with_check_digit(digits: str) -> str:
    weighted = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return digits + str(-weighted % 10)


@pytest.mark.parametrize(
    "codes",
    [
        ["6901234567892", "0012345678905", "4006381333931", "12345678905"],
        ["012345678905", "036000291452", "042100005264", "12345678905"],
        ["614141000036", "786936226355", "885909950805", "36000291452"],
        ["00017", "00023", "00391", "17"],
    ],
    ids=[
        "EAN that keeps others' zeros",
        "UPC likewise",
        "check digits alone",
        "numbers of our own",
    ],
)
def test_a_short_code_among_long_ones_is_named(codes: list[str]) -> None:
    (said,) = cautions(codes)
    assert said.startswith(f'line 5, ean: "{codes[-1]}" has {len(codes[-1])} digits and most have')
    assert f"{codes[-1].zfill(len(codes[0]))} would be complete" in said


def test_further_lines_are_listed_as_far_as_anybody_reads() -> None:
    whole = [f"0{n:04}" for n in range(100)]
    (said,) = cautions([*whole, *(f"{n}" for n in range(1000, 1008))])
    assert "(also lines 103, 104, 105, 106 and 3 more)" in said


@pytest.mark.parametrize(
    "codes",
    [
        [str(number) for number in range(1, 130)],
        ["4006381333931", "6901234567892", "036000291452"],
        ["6901234567892", "4006381333931", "12345678"],
        ["001", "002", "010", "0100"],
        ["A001", "A002", "7"],
        ["001", "002", "7", "x", "y"],
        ["17"],
        [],
        ["", "  ", None, 17, ["001"]],
        ["0" * 30, "7" * 29],
    ],
    ids=str,
)
def test_without_a_sign_in_the_column_a_short_code_is_a_short_code(codes: list[object]) -> None:
    assert cautions(codes) == []


@given(
    first=st.integers(1, 9),
    rests=st.lists(st.integers(0, 10**10 - 1), min_size=4, max_size=30, unique=True),
)
def test_a_zero_taken_from_one_code_of_many_is_found(first: int, rests: list[int]) -> None:
    whole = [with_check_digit(f"{first}{rest:010}") for rest in rests]
    lost = with_check_digit(f"0{first}{rests[0] // 10:09}").removeprefix("0")
    assert len(lost) == 11
    assert len(cautions([*whole, lost])) == 1


def test_a_column_of_other_codes_is_not_looked_at_for_ever() -> None:
    columns = CodeColumns(["sku", "ean"])
    for line in range(2, 1_002):
        columns.see(line, {"sku": f"HW-{line}", "ean": "4006381333931"})
    assert columns.is_watching
    only = CodeColumns(["sku"])
    for line in range(2, 1_001):
        only.see(line, {"sku": f"HW-{line}"})
    assert only.is_watching
    only.see(1_001, {"sku": "HW-1001"})
    assert not only.is_watching
    assert only.cautions() == []
