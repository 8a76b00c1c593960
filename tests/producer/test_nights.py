"""When nights are due, which were missed, and what they are called: through gaps and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.errors import OptionError
from producer.nights import GRACE_S, MOST_MISSED, Cron, due, extra_name, night_name
from schemas.schedule import Missed

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
LINES = ["0 1 * * *", "30 2 * * *", "0 */6 * * *", "15 23 * * MON-FRI", "0 4 1 * *", "0 0,12 * * *"]
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
crons = st.builds(Cron, st.sampled_from(LINES), st.sampled_from(ZONES))
hours = st.integers(0, 24 * 40)


@given(crons, moments, st.lists(hours, min_size=1, max_size=12), st.sampled_from(Missed))
def test_every_night_is_handed_in_or_told_of_exactly_once(
    cron: Cron, start: datetime, gaps: list[int], policy: Missed
) -> None:
    """However seldom somebody looks: nothing is forgotten, nothing comes twice, order is kept."""
    planned, now = cron.after(start), start
    seen: list[datetime] = []
    for gap in gaps:
        now += timedelta(hours=gap)
        found = due(cron, planned, now, policy)
        seen += [*found.missed, *([] if found.night is None else [found.night])]
        assert found.next > now
        planned = found.next
    expected, moment = [], cron.after(start)
    while moment <= now:
        expected.append(moment)
        moment = cron.after(moment)
    assert seen == expected[: len(seen)]
    assert [m.astimezone(UTC) for m in seen] == [m.astimezone(UTC) for m in expected]
    names = [night_name("nightly", cron, moment) for moment in seen]
    assert len(set(names)) == len(names)


@given(crons, moments)
def test_moments_come_one_after_the_other(cron: Cron, start: datetime) -> None:
    moment, found = start, []
    for _ in range(6):
        moment = cron.after(moment)
        found.append(moment)
    assert all(a.astimezone(UTC) < b.astimezone(UTC) for a, b in pairwise(found))


@pytest.mark.parametrize("policy", list(Missed))
@pytest.mark.parametrize("late_s", [0, GRACE_S])
def test_a_little_late_is_not_missed(policy: Missed, late_s: float) -> None:
    cron = Cron("0 1 * * *", "UTC")
    planned = cron.after(datetime(2026, 2, 1, tzinfo=UTC))
    found = due(cron, planned, planned + timedelta(seconds=late_s), policy)
    assert (found.night, found.missed) == (planned, ())


def test_of_several_missed_nights_the_last_is_caught_up_or_none() -> None:
    cron = Cron("0 1 * * *", "Asia/Shanghai")
    planned = cron.after(datetime(2026, 2, 1, tzinfo=UTC))
    now = planned + timedelta(days=2, hours=8)
    caught = due(cron, planned, now, Missed.CATCH_UP)
    assert caught.night == planned + timedelta(days=2)
    assert list(caught.missed) == [planned, planned + timedelta(days=1)]
    skipped = due(cron, planned, now, Missed.SKIP)
    assert skipped.night is None
    assert len(skipped.missed) == 3
    assert caught.next == skipped.next == planned + timedelta(days=3)


def test_before_its_time_nothing_is_due() -> None:
    cron = Cron("0 1 * * *", "UTC")
    planned = cron.after(datetime(2026, 2, 1, tzinfo=UTC))
    found = due(cron, planned, planned - timedelta(seconds=1), Missed.CATCH_UP)
    assert found == (None, (), planned)


def test_a_very_long_pause_tells_of_the_last_nights() -> None:
    cron = Cron("0 * * * *", "UTC")
    planned = cron.after(datetime(2026, 2, 1, tzinfo=UTC))
    found = due(cron, planned, planned + timedelta(days=90, minutes=30), Missed.SKIP)
    assert len(found.missed) == MOST_MISSED
    assert found.missed[-1] == planned + timedelta(days=90)


def test_a_time_that_is_left_out_comes_right_after_and_one_that_comes_twice_once() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")
    spring = cron.after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring.isoformat() == "2026-03-29T03:00:00+02:00"
    autumn = cron.after(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert autumn.isoformat() == "2026-10-25T02:30:00+02:00"
    assert cron.after(autumn).isoformat() == "2026-10-26T02:30:00+01:00"


def test_nights_are_called_after_their_local_date() -> None:
    night = datetime(2026, 2, 1, 17, tzinfo=UTC)
    shanghai = Cron("0 1 * * *", "Asia/Shanghai")
    assert night_name("nightly", shanghai, night) == "nightly-20260202"
    assert extra_name("nightly", shanghai, night) == "nightly-20260202-010000"
    twice = Cron("0 1,13 * * *", "Asia/Shanghai")
    assert night_name("nightly", twice, night) == "nightly-20260202-0100"


@pytest.mark.parametrize(
    "line", ["", "x", "0 1 * *", "0 1 * * * *", "0 0 1 * * *", "60 1 * * *", "0 0 30 2 *", "@daily"]
)
def test_a_line_that_is_none_says_what_to_write(line: str) -> None:
    with pytest.raises(OptionError, match="minute hour day month weekday"):
        Cron(line, "UTC")


def test_a_zone_that_is_none_says_which_is_near() -> None:
    with pytest.raises(OptionError, match="Europe/Berlin"):
        Cron("0 1 * * *", "Europe/Berln")
