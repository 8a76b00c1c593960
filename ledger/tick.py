"""What a lane needs at one look: jobs to hand out, chores, and when to look again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.exchange import Reply
from ledger.keys import LaneKeys
from ledger.looks import LOOK
from ledger.moves import Claim
from ledger.scripts import Argument, Call
from ledger.turns import ask_for_chunks
from schemas.batch import ChunkRef
from schemas.states import JobState

HORIZON_S = 0.4
"""Slots this far ahead are handed out. A slot whose job comes late is lost: on two busy cores a tick
and a message's way take up to 0.3 s together. Each slot ahead is a thread asleep,"""
SLEEPERS = 8
"""so that lanes whose slots are further apart look further ahead, for as many threads,"""
HORIZON_MOST_S = 0.9
"""but not further than a worker is willing to sleep."""
READY_LOW_S = 5.0
"""A batch's next chunk is loaded when its ready jobs would last the bucket less than this."""
READY_MOST = 1000
"""Yet none is loaded beside so many: a lane without a limit of its own would load its whole
backlog. Ten seconds' worth for a fleet that orders a hundred a second."""
WITHDRAWN_AT_ONCE = 50
"""Jobs, and chunks, of a cancelled batch that are handed out in one tick."""
STORE_BACKLOG = 500
"""Jobs waiting to be stored beyond which nothing new is ordered: paid links expire."""
FAULTS_IN_A_ROW = 8
"""Orders that go wrong one after the other, by no fault of their rows, open a lane's breaker."""


@dataclass(frozen=True)
class Handout:
    """A job the dispatcher hands to a worker."""

    claim: Claim
    state: JobState
    handouts: int
    """How often it was handed out without any outcome."""


@dataclass(frozen=True)
class Chore:
    """Something a lane needs besides its jobs' steps."""

    lane: str
    what: str
    """`load`, `seal` or `withdraw`."""
    chunk: ChunkRef


@dataclass(frozen=True)
class Tick:
    """What one lane needs now."""

    handouts: list[Handout]
    chores: list[Chore]
    look: bool
    """The provider's task list is to be looked at."""
    next_s: float | None
    """Seconds until it needs something again; None: it has nothing to do."""


def horizon_s(rate_per_s: float) -> float:
    """How far ahead a lane's slots are handed out."""
    return min(max(SLEEPERS / rate_per_s, HORIZON_S), HORIZON_MOST_S)


def tick_calls(
    lane: str, rate_per_s: float, lease_ms: int, room_and_releases: tuple[int, int]
) -> list[Call]:
    """The scripts of one lane's tick, in their order; see read_tick for what they answer."""
    room, releases = room_and_releases
    keys = LaneKeys(lane)
    low = min(max(int(rate_per_s * READY_LOW_S), 16), READY_MOST)
    due = [keys.agenda, keys.turns, keys.tally, keys.holds]
    due_args: list[Argument] = [
        keys.job_prefix, keys.counts_prefix, keys.ready_prefix, lease_ms, room,
    ]  # fmt: skip
    cancelled = [keys.holds, keys.agenda, keys.chores]
    cancel_args: list[Argument] = [
        keys.job_prefix, keys.ready_prefix, keys.waiting_prefix, lease_ms,
        min(room, WITHDRAWN_AT_ONCE),
    ]  # fmt: skip
    ready = [keys.turns, keys.agenda, keys.window, keys.tally, keys.config, keys.bucket]
    ready_args: list[Argument] = [
        keys.job_prefix, keys.counts_prefix, lease_ms, releases,
        int(horizon_s(rate_per_s) * 1e6), STORE_BACKLOG, FAULTS_IN_A_ROW, keys.ready_prefix,
    ]  # fmt: skip
    return [
        Call("take_due", due, due_args),
        Call("take_cancelled", cancelled, cancel_args),
        Call("release_ready", ready, ready_args),
        ask_for_chunks(lane, low, room),
        Call("take_chores", [keys.chores, keys.agenda], [lease_ms, room]),
    ]


def read_tick(lane: str, replies: Sequence[Reply]) -> Tick:
    """What the scripts of a lane's tick answered."""
    due, cancelled, released, waits, chores = replies
    left, *withdrawn = cancelled
    handed = [*due, *withdrawn]
    handouts = [
        Handout(Claim(lane, ref, int(claim)), JobState(state), int(count))
        for ref, state, claim, count in zip(*(handed[i::4] for i in range(4)), strict=True)
    ]
    handouts += [
        Handout(Claim(lane, released[i], int(released[i + 1])), JobState.RELEASED, 1)
        for i in range(0, len(released), 2)
    ]
    moment_ms = 0 if int(left) or int(waits) else int(chores[0])
    return Tick(
        handouts=handouts,
        chores=[_chore(lane, text) for text in chores[1:] if text != LOOK],
        look=LOOK in chores[1:],
        next_s=None if moment_ms < 0 else moment_ms / 1000,
    )


def _chore(lane: str, text: str) -> Chore:
    what, chunk = text.split(":", 1)
    return Chore(lane, what, ChunkRef.parse(chunk))
