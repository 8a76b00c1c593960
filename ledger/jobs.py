"""Job records: reading them, and moving jobs under a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import redis

from ledger.departures import note_departure
from ledger.errors import translated
from ledger.index import nudge
from ledger.keys import LANES, LaneKeys
from ledger.looks import Looks
from ledger.moves import Claim, Mark, Move, Moved, mark_call, move_call
from ledger.scripts import Argument, Call, Scripts
from ledger.tickets import trim
from schemas.lane import LaneLimits
from schemas.states import IN_PLAY_STATES, OPEN_STATES, JobState

LEARNED_KEPT = 100
"""Generation times a lane remembers."""


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
            calls.append(learn_call(claim.lane, move.took_s))
        if move.left_at_s:
            calls.append(note_departure(claim.lane, claim.order, move.left_at_s))
        return Moved(self._scripts.run_all(calls)[0])

    def mark(self, claim: Claim, move: Move) -> Mark:
        """Mark a released job as submitting, if its request may leave."""
        (moved, *rest), copied = self._scripts.run_copied(mark_call(claim, move))
        at_ms, leaves_us = rest or (0, 0)
        return Mark(Moved(moved), int(at_ms), int(leaves_us) / 1e6, copied=copied)

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


def learn_call(lane: str, generation_s: float) -> Call:
    """Remember how long a picture took, for the next polls."""
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
