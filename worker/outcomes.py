"""How a step ended: a closed sum type, matched once, in recording.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.failure import Failure
from schemas.result import Image, JobResult
from worker.providers.port import Picture


@dataclass(frozen=True)
class Ticketed:
    """The provider took the order; ask for it in a while."""

    ticket: str
    next_poll_s: float
    found: bool = False
    """Its answer was lost; the provider's list had it."""
    look_in_s: float | None = None
    """From then on the provider's list is looked at for all of the lane's tasks."""
    relying_s: float | None = None
    """Seconds instead of `next_poll_s`, if the list is still looked at when this is written."""
    left_at_s: float = 0.0
    """When it left, on the ledger's clock; 0: as its mark said."""


@dataclass(frozen=True)
class Wait:
    """Nothing decided: the same step again after a while. Spends no attempt."""

    delay_s: float
    troubles: int = 0
    """Failed looks in a row, for the backoff; 0 after one that worked."""
    too_late_to_cancel: bool = False
    """The provider draws it already: it is not asked to cancel it again."""
    runs: bool = False
    """The provider says that it has not ended."""
    relying_s: float | None = None
    """Seconds instead of `delay_s`, if the provider's list is still looked at when this is written."""


@dataclass(frozen=True)
class AnswerLost:
    """The order left and its answer never came: the provider's list is consulted after a while."""

    why: str
    after_s: float
    """Seconds from its mark until its answer was given up."""
    look_in_s: float


@dataclass(frozen=True)
class TooDear:
    """The order does not fit into a budget: nothing was sent."""

    why: str
    currency: str
    cap_again_s: float | None = None
    """An account's daily cap is reached: looked at again after so long. None: the batch's own."""


@dataclass(frozen=True)
class GiveBack:
    """Nothing was ordered: back to the ready jobs. `refund` gives the attempt back."""

    refund: bool
    throttled_s: float | None = None
    """The provider said too many requests: no order leaves for so long,"""
    rest_s: float | None = None
    """or for so long only, where the order merely came too close to the limit. None: it is more."""
    stop_lane: Failure | None = None
    """Every job of the lane would fail: it stops with this reason."""


@dataclass(frozen=True)
class Retry:
    """Nothing came of this attempt: order again after a while."""

    delay_s: float
    refund: bool = False
    """Nothing was sent: the attempt is given back."""
    troubles: int = 0
    """Tries in a row that could not even be sent, for the backoff."""
    why: str | None = None
    """What went wrong by no fault of the row: people should see it while it lasts."""
    unrewritten: bool = False
    """The provider's own rewriting of the prompt may have offended it: not asked for again."""
    absent: bool = False
    """Its answer was lost; the provider's list proves that it never arrived."""
    resubmitted: bool = False
    """It may have been paid for, and is ordered again all the same."""


@dataclass(frozen=True)
class Drawn:
    """The provider is done; the pictures can be fetched."""

    pictures: tuple[Picture, ...]
    failures: tuple[Failure, ...]
    actual_prompt: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """What the provider told besides pictures."""
    charged: int | None = None
    """Images billed, where that is not the number of pictures."""
    took_s: float | None = None
    """How long the provider took by its own clock, where it says so."""


@dataclass(frozen=True)
class StoreLater:
    """Some pictures are stored, others must be tried again after a while."""

    delay_s: float
    troubles: int
    images: tuple[Image, ...] = field(default=())
    failures: tuple[Failure, ...] = field(default=())


@dataclass(frozen=True)
class AskAgain:
    """The pictures' addresses do not work (any more): ask the provider for fresh ones, once."""

    images: tuple[Image, ...] = field(default=())
    """What is stored already."""


@dataclass(frozen=True)
class Ended:
    """The job has ended, and this is its result."""

    result: JobResult


@dataclass(frozen=True)
class Lost:
    """Somebody else holds the job by now; nothing was done and nothing is written."""

    why: str = "claim lost"


Outcome = (
    Ticketed
    | Wait
    | AnswerLost
    | TooDear
    | GiveBack
    | Retry
    | Drawn
    | StoreLater
    | AskAgain
    | Ended
    | Lost
)
