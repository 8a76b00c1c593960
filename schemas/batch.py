"""A batch: all jobs made from one manifest, with counts, cost and a state."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from pydantic import Field

from schemas.contract import Contract
from schemas.finishing import Finishing
from schemas.hours import Hours
from schemas.notify import Notify
from schemas.recipe import Recipe
from schemas.states import JobState
from schemas.unlisted import Unlisted

_CHUNK_NAME = re.compile(r"(?:r(?P<round>[1-9]\d*)-)?(?P<number>\d{5,})", re.ASCII)


class Priority(StrEnum):
    """How large a share of its lanes a batch has beside others."""

    LOW = "low"
    """For what has time."""
    NORMAL = "normal"
    HIGH = "high"
    """For what is urgent: it starts at once, and others go on beside it."""


class Reading(Contract):
    """How a manifest was read, as far as its bytes leave that open."""

    encoding: str | None = Field(default=None, description="where it is not UTF-8")
    sheet: str | None = Field(default=None, description="of a workbook: the sheet's name")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="field -> the column said to hold it; empty: none does",
    )


class Batch(Contract):
    """What was handed in: batch.json."""

    version: int = 1
    batch: str
    manifest: str = Field(description="the manifest's file name, without its path")
    manifest_sha256: str
    columns: list[str] = Field(
        description="the manifest's own columns, in order, then what a matrix adds to them"
    )
    total: int = Field(description="jobs")
    lanes: dict[str, int] = Field(description="jobs of each lane")
    currencies: dict[str, str] = Field(description="each lane's currency")
    created_at: str = Field(description="UTC, ISO 8601")
    invalid: int = Field(default=0, description="rows left out with --skip-invalid")
    simulated: bool = Field(default=False, description="ordered from the simulator")
    fresh: bool = Field(
        default=False, description="all of it is ordered, whatever was drawn before"
    )
    revision: int = Field(default=1, ge=1, description="of its rows when it was handed in")
    priority: Priority = Field(default=Priority.NORMAL, description="as it was handed in")
    finishing: Finishing = Field(
        default=Finishing(), description="what is done with its pictures before they are stored"
    )
    defaults: dict[str, Any] = Field(
        default_factory=dict, description="what the command line set for rows that say nothing"
    )
    unlisted: dict[str, Unlisted] = Field(
        default_factory=dict, description="lanes of models that are in nobody's catalogue"
    )
    reading: Reading = Field(
        default_factory=Reading, description="how the manifest's bytes became rows"
    )

    recipe: Recipe | None = Field(
        default=None, description="what made the orders out of the rows; null: nothing did"
    )
    notify: Notify | None = Field(default=None, description="whom to tell of it")
    hours: Hours | None = Field(
        default=None, description="the hours in which it orders; null: at any time"
    )
    unbound: list[str] = Field(
        default_factory=list,
        description="lanes none of whose rows named an account: they may go to another's",
    )

    def with_lane(self, lane: str, like: str) -> Batch:
        """The same with one more lane, which has no jobs of its own yet and is billed like another."""
        said = self.unlisted.get(like)
        return self.model_copy(
            update={
                "lanes": {**self.lanes, lane: 0},
                "currencies": {**self.currencies, lane: self.currencies[like]},
                "unbound": [*self.unbound, lane],
                "unlisted": self.unlisted if said is None else {**self.unlisted, lane: said},
            }
        )

    def lanes_billed_in(self, currency: str) -> list[str]:
        """The lanes whose orders cost money of that currency."""
        return [lane for lane, billed in self.currencies.items() if billed == currency]


class ChunkRef(Contract):
    """Up to 500 jobs of one batch in one lane; the unit of loading and sealing."""

    batch: str
    round: int = Field(default=1, ge=1, description="1: the manifest; then each `retry` makes one")
    number: int = Field(ge=1)
    size: int = Field(ge=1)

    @property
    def name(self) -> str:
        """Its files' name: `00001`, or `r2-00001` in the second round."""
        return f"{self.number:05}" if self.round == 1 else f"r{self.round}-{self.number:05}"

    def __str__(self) -> str:
        return f"{self.batch}/{self.name}/{self.size}"

    @classmethod
    def parse(cls, text: str) -> ChunkRef:
        """Read a reference as the ledger keeps it."""
        batch, name, size = text.rsplit("/", 2)
        round_, number = parse_chunk_name(name)
        return cls(batch=batch, round=round_, number=number, size=int(size))


def parse_chunk_name(name: str) -> tuple[int, int]:
    """A chunk's round and number from its files' name. Raises ValueError."""
    match = _CHUNK_NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is no chunk's name")
    return int(match["round"] or 1), int(match["number"])


CHUNK_SIZE = 500
"""Jobs in a chunk: a chunk's jobs fit Redis and one message loads them."""
TRANSFERRED = 10**6
"""Chunks that come from another lane are numbered from here on: no manifest has so many."""


class Hold(StrEnum):
    """Why nothing of a batch is ordered just now."""

    CANCEL = "cancel"
    """Withdrawn for good."""
    PAUSE = "pause"
    """Until somebody resumes it."""
    BUDGET = "budget"
    """The next order does not fit into what is left of its budget."""
    HOURS = "hours"
    """It is not the time of day at which it may order."""


class LaneRound(Contract):
    """What a retry changes in one lane: chunks that come, and what they take back."""

    chunks: list[ChunkRef]
    states: dict[JobState, int] = Field(description="jobs run again, by the state they were in")
    images: int = Field(default=0, description="pictures those jobs had; they are counted again")
    cost_micro: int = Field(default=0, description="what those jobs had cost; counted again")
    reused: int = Field(default=0, description="of those jobs, how many were drawn before")
    possible_double_charges: int = Field(
        default=0, description="of those jobs, how many may have been paid for already"
    )


class Round(Contract):
    """Jobs of a finished batch that are run again: what `retry` hands in."""

    number: int = Field(ge=2)
    lanes: dict[str, LaneRound]


class LaneCounts(Contract):
    """One batch's figures in one lane."""

    lane: str
    states: dict[JobState, int]
    images: int = 0
    reused: int = Field(default=0, description="jobs that were drawn in an earlier batch")
    cost_micro: int = 0
    chunks: int = Field(default=0, description="chunks handed in")
    sealed: int = Field(default=0, description="chunks whose results are written")
    possible_double_charges: int = Field(
        default=0, description="orders sent again although their first answer was lost"
    )
    at_risk_micro: int = Field(
        default=0, description="what orders cost, if paid for, of which nothing is here"
    )
    holds: list[Hold] = Field(default_factory=list, description="why nothing of it is ordered")
    stopped: str | None = Field(default=None, description="why the lane takes no new jobs")
    at_fault: bool = Field(default=False, description="its account is what stopped it")
    leaving: bool = Field(
        default=False, description="what waits in the lane is about to go to other accounts' lanes"
    )
    trouble: str | None = Field(
        default=None, description="why the provider could not even be asked, within the last minute"
    )


class BudgetStatus(Contract):
    """What a batch may cost in one currency."""

    limit: str = Field(description="the most it may cost")
    spent: str = Field(
        description="orders that are over, those that may have been paid for included"
    )
    reserved: str = Field(description="set aside for orders under way")


class BatchStatus(Contract):
    """A batch as `imagemill status` shows it; the counts add up to `total`."""

    batch: str
    state: str = Field(
        description="opening, running, paused, cancelling, parked: budget, outside its hours, finished"
    )
    priority: Priority = Priority.NORMAL
    total: int
    pending: int = 0
    released: int = 0
    submitting: int = 0
    running: int = 0
    storing: int = 0
    succeeded: int = 0
    partial: int = 0
    failed: int = 0
    cancelled: int = 0
    uncertain: int = 0
    images: int = 0
    reused: int = Field(default=0, description="jobs that were drawn in an earlier batch")
    cost: str = Field(default="0.00", description="in `currency`; see `costs` where it is null")
    currency: str | None = Field(default=None, description="null when lanes bill in several")
    costs: dict[str, str] = Field(default_factory=dict, description="by currency; never mixed")
    possible_double_charges: int = Field(
        default=0, description="orders sent again although the first may have been paid for"
    )
    at_risk: dict[str, str] = Field(
        default_factory=dict,
        description="by currency: what orders cost, if they were paid for, of which nothing is here",
    )
    budgets: dict[str, BudgetStatus] = Field(
        default_factory=dict, description="by currency: what the batch may cost"
    )
    started_at: str | None = None
    finished_at: str | None = None
    stopped: dict[str, str] = Field(default_factory=dict, description="stopped lanes and reasons")
    troubles: dict[str, str] = Field(
        default_factory=dict, description="lanes whose provider cannot be asked just now, and why"
    )

    @property
    def ended(self) -> int:
        """Jobs that reached a final state."""
        return self.succeeded + self.partial + self.failed + self.cancelled + self.uncertain

    @property
    def in_play(self) -> int:
        """Jobs somebody is acting on."""
        return self.released + self.submitting + self.running + self.storing
