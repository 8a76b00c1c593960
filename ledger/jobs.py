"""Job records: reading them, and moving jobs from state to state under a claim."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import redis

from ledger.departures import SHIFT_S, note_departure
from ledger.errors import translated
from ledger.index import nudge
from ledger.keys import LANES, LaneKeys
from ledger.looks import Looks
from ledger.scripts import Argument, Call, Scripts
from ledger.tickets import KEPT_S, trim
from schemas.lane import LaneLimits
from schemas.states import ENDED_STATES, IN_PLAY_STATES, LEGAL_MOVES, OPEN_STATES, JobState

LEARNED_KEPT = 100
"""Generation times a lane remembers."""

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


@dataclass(frozen=True)
class Record:
    """One job as the ledger has it, with what its lane knows."""

    state: JobState
    claim: int
    attempts: int
    chunk: str
    request: str
    fields: Mapping[str, str]
    limits: LaneLimits | None
    learned: tuple[float, ...]
    now_ms: int
    takes: int = 0
    """How often a worker took it up without any outcome."""
    cancelled: bool = False
    """Its batch was cancelled."""
    budgeted: bool = False
    """Its batch has a budget."""
    looks: Looks = field(default_factory=Looks)
    """How its lane's looks at the task list go."""

    def age_s(self, since: str) -> float:
        """Seconds since the time (ms) kept in a field; 0 where there is none."""
        value = self.fields.get(since)
        return (self.now_ms - int(value)) / 1000 if value else 0.0


@dataclass(frozen=True)
class Move:
    """Where a job goes, and what is written with it."""

    source: JobState
    target: JobState
    delay_s: float = 0.0
    """Until its next moment, for a target that is not final; see `ready`."""
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


class Jobs:
    """All job records."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def take(self, claim: Claim, states: Sequence[JobState] = OPEN_STATES) -> Record | None:
        """The record, if the claim still holds; None where somebody else has it.

        In one of these states it is counted as taken up.
        """
        return self._read(claim, str(claim.number), states)

    def peek(self, claim: Claim) -> Record | None:
        """The record, whoever holds the job; None when it is not in motion."""
        return self._read(claim, "", ())

    def _read(self, claim: Claim, number: str, states: Sequence[JobState]) -> Record | None:
        keys = LaneKeys(claim.lane)
        names = [
            keys.job(claim.ref),
            keys.config,
            keys.learned,
            keys.holds,
            keys.counts(claim.batch),
            keys.tally,
            keys.looks,
        ]
        found = self._scripts.run(Call("take_job", names, [number, claim.batch, *states]))
        if not found:
            return None
        pairs, limits, learned, cancelled, budgeted, now_ms, running, looks = found
        record = dict(zip(pairs[::2], pairs[1::2], strict=True))
        return Record(
            state=JobState(record["state"]),
            claim=int(record["claim"]),
            attempts=int(record["attempts"]),
            takes=int(record.get("takes", 0)),
            chunk=record["chunk"],
            request=record["request"],
            fields=record,
            limits=_limits(limits),
            learned=tuple(float(value) for value in learned),
            now_ms=int(now_ms),
            cancelled=cancelled == 1,
            budgeted=budgeted == 1,
            looks=_looks(int(running or 0), looks, int(now_ms)),
        )

    def move(self, claim: Claim, chunk: str, move: Move) -> Moved:
        """Move a job; the lane is looked at soon where the move makes room or work."""
        if move.lease_left_s:
            return self.mark(claim, move).moved
        soon = move.ready or move.target not in IN_PLAY_STATES
        calls = [
            move_call(claim, chunk, move),
            nudge(LANES, claim.lane, 0.0 if soon else move.delay_s),
        ]
        if move.ticket:
            calls.append(trim(claim.lane))
        if move.took_s:
            calls.append(_learn(claim.lane, move.took_s))
        if move.left_at_s:
            calls.append(note_departure(claim.lane, claim.order, move.left_at_s))
        return Moved(self._scripts.run_all(calls)[0])

    def mark(self, claim: Claim, move: Move) -> Mark:
        """Mark a released job as submitting, if its request may leave."""
        moved, *rest = self._scripts.run(mark_call(claim, move))
        at_ms, leaves_us = rest or (0, 0)
        return Mark(Moved(moved), int(at_ms), int(leaves_us) / 1e6)

    def learn(self, lane: str, generation_s: float) -> None:
        """Remember how long a picture took, for the next polls."""
        self._scripts.run(_learn(lane, generation_s))

    def renew(self, claims: Iterable[Claim], lease_s: float) -> list[bool]:
        """Lengthen leases; False for each claim that is lost."""
        calls = []
        for claim in claims:
            keys = LaneKeys(claim.lane)
            args: list[Argument] = [claim.ref, claim.number, int(lease_s * 1000)]
            calls.append(Call("renew_claim", [keys.job(claim.ref), keys.agenda], args))
        return [reply == 1 for reply in self._scripts.run_all(calls)] if calls else []

    def results(self, lane: str, refs: list[str]) -> list[str | None]:
        """The result documents of ended jobs; None where there is none (yet, or any more)."""
        keys = LaneKeys(lane)
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for ref in refs:
                pipe.hget(keys.job(ref), "result")
            return list(pipe.execute())


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
        keys.holds, keys.turns,
    ]  # fmt: skip
    args: list[Argument] = [
        claim.ref, claim.number, secrets.token_hex(8), move.source, move.target, move.delay_ms,
        int(move.target in IN_PLAY_STATES), move.attempts, f"seal:{chunk}",
        int(move.taken), move.ticket, KEPT_S, int(move.goes_on), len(move.sums),
    ]  # fmt: skip
    for figure, amount in move.sums.items():
        args += [figure, amount]
    for name, value in move.fields.items():
        args += [name, value]
    return Call("move_job", names, args)


def _learn(lane: str, generation_s: float) -> Call:
    return Call("learn", [LaneKeys(lane).learned], [f"{generation_s:.3f}", LEARNED_KEPT])


def _limits(values: list[str | None]) -> LaneLimits | None:
    rate, burst, window = values
    if rate is None or burst is None or window is None:
        return None
    return LaneLimits(rate_per_s=float(rate), burst=int(burst), window=int(window))


def _looks(running: int, values: list[str | None], now_ms: int) -> Looks:
    trusted_ms, barred_ms, looked_ms, false_alarms, missed = (int(value or 0) for value in values)
    return Looks(
        running=running,
        trusted=now_ms < trusted_ms,
        barred=now_ms < barred_ms,
        looked_ago_s=(now_ms - looked_ms) / 1000 if looked_ms else None,
        false_alarms=max(false_alarms, 0),
        missed=max(missed, 0),
    )
