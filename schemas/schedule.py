"""A schedule: an order that is handed in again and again, at moments a cron line names."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, field_validator

from schemas.batch_file import BatchFile
from schemas.contract import Contract
from schemas.hours import Hours
from schemas.manifest_place import is_remote
from schemas.zone import zone_of

NAME = r"^[\w][\w.-]{0,39}$"
"""Of a schedule: its batches are called so, with a date behind it."""


class Missed(StrEnum):
    """What becomes of a night at whose time nobody looked."""

    CATCH_UP = "catch-up"
    """The last one missed is handed in as soon as somebody looks; those before it are left out."""
    SKIP = "skip"
    """It is left out."""


class Schedule(Contract):
    """What is handed in, and when."""

    version: int = 1
    name: str = Field(pattern=NAME)
    cron: str = Field(description="minute hour day-of-month month day-of-week")
    tz: str = Field(description="the time zone of cron, and of the dates in names")
    missed: Missed = Missed.CATCH_UP
    order: BatchFile = Field(description="with no path in it; its manifest is an address")
    hours: Hours | None = None
    added_at: str = Field(description="UTC, ISO 8601")

    @field_validator("tz")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        zone_of(name)
        return name

    @field_validator("order")
    @classmethod
    def _can_be_read_anywhere(cls, order: BatchFile) -> BatchFile:
        if not is_remote(order.manifest):
            raise ValueError("manifest: a path is another file on another machine")
        return order


class ScheduleStatus(Contract):
    """A schedule as people see it."""

    schedule: str
    cron: str
    tz: str
    missed: Missed
    hours: str | None = None
    manifest: str = Field(description="its address, without a signature")
    next_at: str = Field(description="when it is due next, in its own time zone")
    last: str | None = Field(default=None, description="its last night")
    last_state: str | None = None
