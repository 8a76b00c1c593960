"""Which sheet of a workbook is meant."""

from __future__ import annotations

import pytest

from producer.errors import ManifestError, OptionError
from producer.sheet_choice import SheetName, choose_sheet

SHEETS = [
    SheetName("参数", is_visible=False),
    SheetName("秋季", is_visible=True),
    SheetName("2026", is_visible=True),
    SheetName("Stock ", is_visible=True),
]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (None, "秋季"),
        ("秋季", "秋季"),
        (" 秋季 ", "秋季"),
        ("1", "秋季"),
        ("2", "2026"),
        ("2026", "2026"),
        ("3", "Stock "),
        ("stock", "Stock "),
        ("参数", "参数"),
    ],
)
def test_a_sheet_is_said_by_name_or_by_the_number_of_its_tab(said: str | None, title: str) -> None:
    assert choose_sheet(SHEETS, said, "a.xlsx") == title


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("秋", "--sheet 秋: a.xlsx has no such sheet; did you mean 秋季?"),
        ("4", "--sheet 4: a.xlsx has no such sheet; it has: 参数 (hidden), 秋季, 2026, Stock "),
        ("0", "--sheet 0: a.xlsx has no such sheet; it has: "),
        ("", "--sheet : a.xlsx has no such sheet; it has: "),
    ],
)
def test_a_sheet_that_is_not_there_is_answered_with_those_that_are(
    said: str, sentence: str
) -> None:
    with pytest.raises(OptionError) as caught:
        choose_sheet(SHEETS, said, "a.xlsx")
    assert str(caught.value).startswith(sentence)


def test_hidden_sheets_are_not_chosen_by_themselves() -> None:
    with pytest.raises(ManifestError, match=r"a\.xlsx has no visible sheet; say --sheet NAME"):
        choose_sheet(SHEETS[:1], None, "a.xlsx")
