"""Hours: open between two times of day, in their time zone and through clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.hours import Hours
from schemas.zone import zone_of

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
spans = st.builds(
    lambda ends, tz: Hours(start=ends[0], end=ends[1], tz=tz),
    st.lists(times, min_size=2, max_size=2, unique=True),
    st.sampled_from(ZONES),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(spans, moments, st.floats(0, 0.999))
def test_nothing_changes_before_the_next_change(hours: Hours, now: datetime, part: float) -> None:
    change = hours.next_change(now)
    assert now < change <= now + timedelta(days=3)
    assert hours.is_open(now + (change - now) * part) is hours.is_open(now)


@given(spans, moments)
def test_far_from_clock_changes_the_clock_on_the_wall_decides(hours: Hours, now: datetime) -> None:
    zone = zone_of(hours.tz)
    offsets = {(now + timedelta(hours=h)).astimezone(zone).utcoffset() for h in (-48, 0, 48)}
    if len(offsets) > 1:
        return
    shown = f"{now.astimezone(zone):%H:%M}"
    within = (
        hours.start <= shown < hours.end
        if hours.start < hours.end
        else shown >= hours.start or shown < hours.end
    )
    assert hours.is_open(now) is within


def test_a_night_in_shanghai() -> None:
    hours = Hours.parse("1:00 - 07:00", "Asia/Shanghai")
    assert str(hours) == "01:00-07:00 Asia/Shanghai"
    before = datetime(2026, 2, 1, 16, 59, 59, tzinfo=UTC)
    assert not hours.is_open(before)
    assert hours.next_change(before) == datetime(2026, 2, 1, 17, tzinfo=UTC)
    assert hours.is_open(datetime(2026, 2, 1, 17, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 2, 1, 23, tzinfo=UTC))


def test_they_may_pass_midnight() -> None:
    hours = Hours.parse("22:00-06:00")
    assert hours.is_open(datetime(2026, 2, 1, 23, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 2, 2, 5, 59, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 2, 2, 6, tzinfo=UTC))
    assert Hours.parse("22:00-24:00").end == "00:00"


def test_a_clock_change_makes_a_night_shorter_or_longer() -> None:
    hours = Hours.parse("01:00-07:00", "Europe/Berlin")
    lengths = []
    for day in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        opens = hours.next_change(day)
        lengths.append((hours.next_change(opens) - opens).total_seconds() / 3600)
    assert lengths == [5, 7]


@pytest.mark.parametrize("text", ["", "1-7", "01:00", "25:00-07:00", "01:60-02:00", "03:00-03:00"])
def test_what_is_no_span_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="01:00-07:00"):
        Hours.parse(text)


def test_a_zone_nobody_knows_gets_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean Asia/Shanghai"):
        Hours.parse("01:00-07:00", "Asia/Shangai")


def test_an_abbreviation_is_no_zone_and_nobody_guesses_which() -> None:
    with pytest.raises(ValidationError, match="'CST' is no time zone; write a place's, such as"):
        Hours.parse("01:00-07:00", "CST")
