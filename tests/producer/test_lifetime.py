"""`--presign 7d`: how long a link lives."""

from __future__ import annotations

import pytest

from producer.lifetime import parse_lifetime
from storage.port import PRESIGNED_LIMIT_S


@pytest.mark.parametrize(
    ("text", "lifetime_s"),
    [
        ("7d", 604_800),
        ("12h", 43_200),
        ("30 min", 1800),
        ("30m", 1800),
        (" 1D ", 86_400),
        ("9s", 9),
    ],
)
def test_times_as_people_write_them(text: str, lifetime_s: float) -> None:
    assert parse_lifetime(text, PRESIGNED_LIMIT_S) == lifetime_s


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "0d", "1.5d", "7 days", "７d", "1w"])
def test_what_is_no_time_is_said_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="7d, 12h, 30min"):
        parse_lifetime(text, PRESIGNED_LIMIT_S)


@pytest.mark.parametrize("text", ["8d", "169h", "999999999d"])
def test_what_is_too_long_names_the_most(text: str) -> None:
    with pytest.raises(ValueError, match="7d is the most"):
        parse_lifetime(text, PRESIGNED_LIMIT_S)
