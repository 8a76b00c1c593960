"""A workbook's cell becomes the text that stands in it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.cell_value import value_of
from producer.row import Kind


@pytest.mark.parametrize(
    ("raw", "number_format", "text", "kind"),
    [
        (None, None, "", None),
        ("杯", None, "杯", None),
        ("a\nb", None, "a\nb", None),
        ("a_x000D_\nb", None, "a\nb", None),
        (True, None, "TRUE", None),
        (690123456789, "General", "690123456789", None),
        (6901234567892.0, "0", "6901234567892", None),
        (3.0, "0.00", "3", None),
        (-4.0, None, "-4", None),
        (0.1, "General", "0.1", None),
        (2.5, None, "2.5", None),
        (0.00001, None, "0.00001", None),
        (1e-7, None, "0.0000001", None),
        (1e300, None, f"{int(1e300)}", Kind.ROUNDED),
        (999_999_999_999_999, None, "999999999999999", None),
        (6901234567890120, None, "6901234567890120", Kind.ROUNDED),
        (6.90123456789012e15, None, "6901234567890120", Kind.ROUNDED),
        (17, "0000000000000", "0000000000017", None),
        (17, '"MUG-"000', "MUG-017", None),
        (1234, '"MUG-"000', "MUG-1234", None),
        (-17, "000", "-17", None),
        (17, "0.00", "17", None),
        (float("inf"), None, "inf", None),
        (datetime(2026, 3, 5), None, "2026-03-05", Kind.DATE),
        (datetime(2026, 3, 5, 14, 30), None, "2026-03-05 14:30:00", Kind.DATE),
        (date(2026, 3, 5), None, "2026-03-05", Kind.DATE),
        (time(16, 9), None, "16:09", Kind.TIME),
        (time(16, 9, 5), None, "16:09:05", Kind.TIME),
        (timedelta(hours=30), None, "1 day, 6:00:00", Kind.TIME),
    ],
)
def test_a_value_is_text(raw: Any, number_format: str | None, text: str, kind: Kind | None) -> None:
    assert value_of(raw, number_format) == (text, kind)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_every_whole_number_a_workbook_keeps_is_its_digits(number: int) -> None:
    assert value_of(number, None) == (str(number), None)
    assert value_of(float(number), None) == (str(number), None)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_has_an_exponent_and_none_changes(number: float) -> None:
    text = value_of(number, "General").text
    assert "e" not in text.lower()
    assert float(text) == number
