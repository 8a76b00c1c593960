"""An intake: a manifest that the fleet is to read, and what became of it."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from pydantic import Field, field_validator

from schemas.batch_file import BatchFile
from schemas.contract import Contract
from schemas.hours import Hours
from schemas.manifest_place import read_place


class Intake(Contract):
    """What is to be read, and how: all of it, so that any process can."""

    version: int = 1
    id: str = Field(description="run:NIGHT for a schedule's; order:HASH otherwise")
    order: BatchFile = Field(description="with no path in it; its manifest is an address")
    asked_at: str = Field(description="UTC, ISO 8601")
    schedule: str | None = Field(default=None, description="whose night it is")
    planned_at: str | None = Field(default=None, description="of a schedule: UTC, ISO 8601")
    hours: Hours | None = Field(default=None, description="the hours in which it orders")
    patience_s: float = Field(
        default=0.0, description="how long a manifest that is not there yet is waited for"
    )

    @field_validator("order")
    @classmethod
    def _is_an_address(cls, order: BatchFile) -> BatchFile:
        try:
            read_place(order.manifest)
        except ValueError as error:
            raise ValueError(f"manifest: {order.manifest!r} {error}") from error
        return order


class IntakeState(StrEnum):
    """Where an intake is on its way."""

    WAITING = "waiting"
    """For a process that reads, for its manifest, or for the night before."""
    READING = "reading"
    HANDED_IN = "handed in"
    """Its batch is in the ledger."""
    REFUSED = "refused"
    """It cannot be ordered; it says why."""
    MISSED = "missed"
    """Nobody looked at its time, or the night before was still waiting."""


ENDED = frozenset({IntakeState.HANDED_IN, IntakeState.REFUSED, IntakeState.MISSED})


class IntakeEnd(Contract):
    """What became of an intake."""

    state: IntakeState
    ended_at: str = Field(description="UTC, ISO 8601")
    batch: str | None = None
    total: int = Field(default=0, description="jobs")
    new: bool = Field(default=True, description="false: the same batch was handed in before")
    exit_code: int = Field(default=0, description="what `submit` would have ended with")
    said: str = Field(default="", description="what there is to say of it, for people")


class IntakeStatus(Contract):
    """An intake as people see it."""

    id: str
    state: IntakeState
    manifest: str = Field(description="its address, without a signature")
    schedule: str | None = None
    planned_at: str | None = None
    asked_at: str
    ended_at: str | None = None
    batch: str | None = Field(default=None, description="its name, or the one it is to have")
    batch_state: str | None = Field(default=None, description="how its batch stands")
    total: int = 0
    rows_read: int = Field(default=0, description="rows of the manifest read so far")
    exit_code: int = Field(default=0, description="what `submit` would have ended with")
    said: str = ""


def order_id(order: BatchFile, hours: Hours | None = None) -> str:
    """The id of an order that belongs to no schedule: the same order is the same intake."""
    told = f"{order.model_dump_json(exclude_defaults=True)}\n{hours}"
    return f"order:{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def run_id(night: str) -> str:
    """The id of a schedule's night, by its batch's name."""
    return f"run:{night}"


NOTICE_LIMIT_CHARACTERS = 4000
"""Of what is kept to be said: the first bad rows and how many more there are."""
