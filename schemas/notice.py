"""What is told of a batch: the document that a webhook gets. docs/notifications.md explains it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.batch import BatchStatus
from schemas.contract import Contract
from schemas.failure import ErrorClass
from schemas.notify import Event
from schemas.states import JobState


class NoticeType(StrEnum):
    """What a notice tells of."""

    FINISHED = "batch.finished"
    FIRST_FAILURE = "batch.first_failure"
    PARKED = "batch.parked"
    STOPPED = "lane.stopped"
    TEST = "notify.test"
    """Nothing has happened: somebody tries whether notices arrive."""


TYPE_OF = {
    Event.FINISHED: NoticeType.FINISHED,
    Event.FIRST_FAILURE: NoticeType.FIRST_FAILURE,
    Event.BUDGET: NoticeType.PARKED,
    Event.STOPPED: NoticeType.STOPPED,
}


class FailedRow(Contract):
    """A row that did not come whole."""

    id: str
    lane: str
    state: JobState
    error_class: ErrorClass | None = Field(default=None, description="null: none was recorded")
    code: str = Field(default="", description="the provider's own code, or ours")
    message: str = Field(default="", description="a sentence for a person")


class StoppedLane(Contract):
    """A lane that takes no more orders."""

    lane: str
    why: str


class Places(Contract):
    """Where a finished batch's files lie: absolute paths, or s3://bucket/key."""

    contact_sheet: str
    results: str


class News(Contract):
    """What a notice says of its batch."""

    status: BatchStatus | None = Field(
        default=None, description="as `imagemill status --json` prints it; null in a test"
    )
    round: int = Field(
        default=1, description="1: the manifest; then each retry or reroll makes one"
    )
    simulated: bool = Field(default=False, description="a rehearsal")
    failure: FailedRow | None = Field(
        default=None, description="of batch.first_failure, where it is known"
    )
    stopped: StoppedLane | None = Field(default=None, description="of lane.stopped")
    places: Places | None = Field(default=None, description="of batch.finished")


class Notice(Contract):
    """One thing told, once: whoever gets it twice knows it by its id."""

    version: int = 1
    id: str
    type: NoticeType
    timestamp: str = Field(description="when it was noticed; UTC, ISO 8601")
    data: News
