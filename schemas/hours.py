"""The hours of the day in which a batch may order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from pydantic import Field, field_validator, model_validator

from schemas.contract import Contract
from schemas.zone import UTC_NAME, zone_of

_HOURS = re.compile(r"(?P<start>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d)", re.ASCII)
_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
_FORM = "write it as 01:00-07:00"


class Span(NamedTuple):
    """From one moment to just before another, both in UTC."""

    start: datetime
    end: datetime


class Hours(Contract):
    """From one time of day to another, in one time zone; past midnight where the end comes first.

    Each end is a moment: a time of day that a clock change leaves out comes as much later as the
    clock was put on, and one that comes twice is the first of the two.
    """

    start: str = Field(pattern=_TIME, description="HH:MM")
    end: str = Field(pattern=_TIME, description="HH:MM, not part of it")
    tz: str = Field(default=UTC_NAME, description="the time zone's name")

    @field_validator("tz")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        zone_of(name)
        return name

    @model_validator(mode="after")
    def _has_a_length(self) -> Hours:
        if self.start == self.end:
            raise ValueError(f"they begin when they end; {_FORM}")
        return self

    def __str__(self) -> str:
        return f"{self.start}-{self.end} {self.tz}"

    @classmethod
    def parse(cls, text: str, tz: str = UTC_NAME) -> Hours:
        """Read `01:00-07:00`. Raises ValueError with what to write."""
        match = _HOURS.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no span of hours; {_FORM}")
        start, end = (f"{match[name]:0>5}" for name in ("start", "end"))
        end = "00:00" if end == "24:00" else end
        for said in (start, end):
            if re.fullmatch(_TIME, said) is None:
                raise ValueError(f"{text!r}: {said} is no time of day; {_FORM}")
        if start == end:
            raise ValueError(f"{text!r} begin when they end; {_FORM}")
        return cls(start=start, end=end, tz=tz)

    def is_open(self, now: datetime) -> bool:
        """Whether it may order at that moment."""
        return any(span.start <= now < span.end for span in self._spans(now))

    def next_change(self, now: datetime) -> datetime:
        """When it opens or closes next, in UTC."""
        return min(moment for span in self._spans(now) for moment in span if moment > now)

    def _spans(self, now: datetime) -> Iterator[Span]:
        """Those of the days around: one that began yesterday may still be open."""
        today = now.astimezone(zone_of(self.tz)).date()
        for days in range(-2, 4):
            day = today + timedelta(days=days)
            closing = day if self.start < self.end else day + timedelta(days=1)
            span = Span(self._moment(day, self.start), self._moment(closing, self.end))
            if span.start < span.end:  # not where a clock change left it out
                yield span

    def _moment(self, day: date, said: str) -> datetime:
        local = datetime.combine(day, time.fromisoformat(said), zone_of(self.tz))
        return local.astimezone(UTC)
