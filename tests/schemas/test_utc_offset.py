"""Offsets from UTC as people write them."""

from __future__ import annotations

import pytest

from schemas.utc_offset import parse_utc_offset


@pytest.mark.parametrize(
    ("text", "offset_s"),
    [
        ("+00:00", 0), ("-00:00", 0), ("+08:00", 28_800), (" +05:45 ", 20_700),
        ("-03:30", -12_600), ("+14:00", 50_400), ("-12:00", -43_200),
    ],
)  # fmt: skip
def test_offsets(text: str, offset_s: int) -> None:
    assert parse_utc_offset(text) == offset_s


@pytest.mark.parametrize(
    "text", ["", "8", "+8:00", "08:00", "+0800", "+08:60", "+14:01", "-12:01", "UTC", "+０8:00"]
)
def test_what_is_no_offset_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"like \+08:00"):
        parse_utc_offset(text)
