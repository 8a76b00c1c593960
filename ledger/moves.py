"""Moves of jobs: from which state to which, under whose claim, and what becomes of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from ledger.departures import SHIFT_S
from ledger.keys import LaneKeys
from ledger.scripts import Argument, Call
from ledger.tickets import KEPT_S
from schemas.states import ENDED_STATES, IN_PLAY_STATES, LEGAL_MOVES, JobState

_ENDED = -1


class Claim(NamedTuple):
    """A worker's numbered right to act on a job until its lease ends."""

    lane: str
    ref: str
    number: int

    @property
    def batch(self) -> str:
        """The job's batch."""
        return self.ref.split("/", 1)[0]

    @property
    def order(self) -> str:
        """Names what it sends among its lane's departures."""
        return f"{self.ref}#{self.number}"

    @property
    def job(self) -> str:
        """The job's id in its batch."""
        return self.ref.split("/", 1)[1]


class Moved(IntEnum):
    """What became of a move."""

    LOST = 0
    """Somebody else holds the job by now; nothing was changed."""
    YES = 1
    LATE = 2
    """Too little of the lease is left to begin something; nothing was changed."""
    HELD = 3
    """Its lane or its batch orders nothing just now; nothing was changed."""
    EARLY = 4
    """Its slot has moved since it was booked; nothing else was changed."""


class Mark(NamedTuple):
    """What became of a mark, and when the order may leave."""

    moved: Moved
    at_ms: int = 0
    leaves_s: float = 0.0
    """On the server's clock: its slot, or where that has moved to since it was booked."""
    copied: bool = True
    """Where sentinels may make a replica the leader: one has the mark. Otherwise nothing may be sent,
    as the next leader would order the job once more."""


@dataclass(frozen=True)
class Move:
    """Where a job goes, and what is written with it."""

    source: JobState
    target: JobState
    delay_s: float = 0.0
    """Until its next moment, for a target that is not final; see `ready`."""
    relying_s: float | None = None
    """Until then instead, if the provider's task list is looked at for the lane at that time."""
    ready: bool = False
    """Its next moment is now, and then it goes to the head of the ready jobs."""
    goes_on: bool = False
    """The mover takes the next step at once: it keeps its claim, and `delay_s` is its lease."""
    lease_left_s: float = 0.0
    """The move is refused when less of the claim's lease is left."""
    attempts: int = 0
    """1 spends an attempt, -1 gives it back."""
    doubles: int = 0
    """1: what was ordered may have been paid for, and is ordered again."""
    at_risk_micro: int = 0
    """What an order costs that may have been paid for although nothing of it is here."""
    ticket: str = ""
    """By which the provider can be asked from now on."""
    took_s: float = 0.0
    """How long the provider took, which the lane remembers for its next looks; 0: nothing to learn."""
    left_at_s: float = 0.0
    """When the order left, on the ledger's clock; 0: as its mark said."""
    images: int = 0
    cost_micro: int = 0
    fields: Mapping[str, str | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a move the table of states does not know."""
        stays = self.target is self.source and self.source not in ENDED_STATES
        if not stays and self.target not in LEGAL_MOVES[self.source]:
            raise ValueError(f"a job cannot go from {self.source} to {self.target}")
        marks = self.target is JobState.SUBMITTING and not stays
        if self.lease_left_s and not marks:
            raise ValueError("the lease counts when a request is about to leave, and only then")
        if self.ready and self.target is not JobState.PENDING:
            raise ValueError(f"a job that is {self.target} cannot be ready")
        if self.goes_on and self.delay_ms <= 0:
            raise ValueError("whoever goes on needs a lease")

    @property
    def sums(self) -> dict[str, int]:
        """What is added to the batch's counts."""
        figures = {
            "images": self.images,
            "cost_micro": self.cost_micro,
            "doubles": self.doubles,
            "at_risk_micro": self.at_risk_micro,
        }
        return {name: amount for name, amount in figures.items() if amount}

    @property
    def taken(self) -> bool:
        """Whether the provider took the order just now."""
        after = (JobState.RUNNING, JobState.STORING, JobState.SUCCEEDED, JobState.PARTIAL)
        return self.source is JobState.SUBMITTING and self.target in after

    @property
    def delay_ms(self) -> int:
        """The script's way of saying when, or never again."""
        if self.target in ENDED_STATES:
            return _ENDED
        return 0 if self.ready else max(int(self.delay_s * 1000), 0)

    @property
    def relying_ms(self) -> int:
        """The same while the list is looked at."""
        return self.delay_ms if self.relying_s is None else max(int(self.relying_s * 1000), 0)


def mark_call(claim: Claim, move: Move) -> Call:
    """A mark as the script takes it: sent twice, it marks once."""
    keys = LaneKeys(claim.lane)
    names = [
        keys.job(claim.ref), keys.agenda, keys.tally, keys.counts(claim.batch),
        keys.config, keys.holds, keys.bucket, keys.departures,
    ]  # fmt: skip
    args: list[Argument] = [
        claim.ref, claim.number, secrets.token_hex(8), int(move.lease_left_s * 1000),
        move.delay_ms, move.attempts, claim.batch, claim.order, int(SHIFT_S * 1e6),
    ]  # fmt: skip
    return Call("mark_submitting", names, args)


def move_call(claim: Claim, chunk: str, move: Move) -> Call:
    """A move as the script takes it: sent twice, it moves once."""
    keys = LaneKeys(claim.lane)
    names = [
        keys.job(claim.ref), keys.agenda, keys.window, keys.ready(claim.batch), keys.tally,
        keys.counts(claim.batch), keys.chunk(chunk), keys.chores, keys.tickets,
        keys.holds, keys.turns, keys.looks,
    ]  # fmt: skip
    args: list[Argument] = [
        claim.ref, claim.number, secrets.token_hex(8), move.source, move.target, move.delay_ms,
        move.relying_ms, int(move.target in IN_PLAY_STATES), move.attempts, f"seal:{chunk}",
        int(move.taken), move.ticket, KEPT_S, int(move.goes_on), len(move.sums),
    ]  # fmt: skip
    for figure, amount in move.sums.items():
        args += [figure, amount]
    for name, value in move.fields.items():
        args += [name, value]
    return Call("move_job", names, args)
