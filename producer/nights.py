"""When a schedule is due, which nights were missed, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from cronsim import CronSim, CronSimError

from producer.errors import OptionError
from schemas.schedule import NAME, Missed
from schemas.zone import zone_of

GRACE_S = 15 * 60.0
"""A night is missed when nobody looks for so long after its time; until then it is only late."""
MOST_MISSED = 400
"""Nights told of one by one; of a schedule that nobody looked at for longer the last ones are."""
_FIELDS = 5


class Due(NamedTuple):
    """What is to be done of a schedule at some moment."""

    night: datetime | None
    """To be handed in now."""
    missed: tuple[datetime, ...]
    """Left out, oldest first."""
    next: datetime


def check_name(name: str) -> None:
    """Raises OptionError for what is no name of a schedule."""
    if re.fullmatch(NAME, name) is None:
        raise OptionError(
            f"{name!r} is no name of a schedule: letters, digits, - _ and . only, at most 40"
        )


class Cron:
    """A cron line in a time zone; moments come in that zone.

    As Debian's cron does it: a time that a clock change leaves out comes right after the change, one
    that comes twice counts once; a line that begins with a star in minutes or hours goes by what the
    clock shows.
    """

    def __init__(self, line: str, tz: str) -> None:
        """Raises OptionError for a line or a zone that is none."""
        try:
            self._zone = zone_of(tz)
        except ValueError as error:
            raise OptionError(f"--tz: {error}") from error
        self._line = line
        try:
            parsed = CronSim(line, datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise self._wrong(str(error)) from error
        if len(line.split()) != _FIELDS:
            raise self._wrong("it has five fields")
        try:
            next(parsed)
        except StopIteration as error:
            raise self._wrong("there is no such day") from error
        self.several_a_day = len(parsed.minutes) * len(parsed.hours) > 1
        """Whether a date alone does not tell its moments apart."""

    def after(self, moment: datetime) -> datetime:
        """The first moment after another."""
        return next(self._from(moment))

    def until(self, first: datetime, now: datetime) -> Iterator[datetime]:
        """`first`, which is one of its moments, and those that follow it up to now."""
        yield first
        yield from takewhile(lambda moment: moment <= now, self._from(first))

    def local(self, moment: datetime) -> datetime:
        """A moment in its zone."""
        return moment.astimezone(self._zone)

    def _from(self, moment: datetime) -> Iterator[datetime]:
        """The moments after another, each later than the one before."""
        local = self.local(moment)
        for found in CronSim(self._line, local):
            if found.astimezone(UTC) > moment.astimezone(UTC):
                moment = found
                yield found

    def _wrong(self, reason: str) -> OptionError:
        return OptionError(
            f'--cron {self._line!r}: {reason}; write minute hour day month weekday, as "0 1 * * *"'
        )


def due(cron: Cron, planned: datetime, now: datetime, policy: Missed) -> Due:
    """What is to be done now of a schedule whose next moment is `planned`."""
    if now < planned:
        return Due(None, (), cron.local(planned))
    moments = _last(cron.until(cron.local(planned), now), MOST_MISSED)
    last = moments[-1]
    late = (now - last).total_seconds() > GRACE_S
    if late and policy is Missed.SKIP:
        return Due(None, tuple(moments), cron.after(now))
    return Due(last, tuple(moments[:-1]), cron.after(now))


def night_name(schedule: str, cron: Cron, moment: datetime) -> str:
    """What the batch of a moment is called: after the local date, and the time where there are more."""
    local = cron.local(moment)
    name = f"{schedule}-{local:%Y%m%d}"
    return f"{name}-{local:%H%M}{_second_time(local)}" if cron.several_a_day else name


def extra_name(schedule: str, cron: Cron, moment: datetime) -> str:
    """What a batch is called that somebody asked for between two nights."""
    return f"{schedule}-{cron.local(moment):%Y%m%d-%H%M%S}"


def _second_time(local: datetime) -> str:
    """A mark for a time of day that comes twice, the second time."""
    return "b" if local.fold else ""


def _last(moments: Iterator[datetime], count: int) -> list[datetime]:
    kept: list[datetime] = []
    for moment in moments:
        kept.append(moment)
        if len(kept) > count:
            del kept[0]
    return kept
