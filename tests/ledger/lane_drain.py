"""Cancels everything in a lane and does what is asked for, until nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.keys import LaneKeys
from ledger.moves import Move, Moved
from ledger.opening import Ledger
from ledger.tick import Chore, Handout
from schemas.batch import ChunkRef, Hold, LaneRound
from schemas.states import JobState
from tests.ledger.scene import Scene

ROUNDS = 60
"""Ticks after which a lane that is not idle never will be."""


def drain(
    ledger: Ledger, lane: str, batches: Iterable[str], jobs_of: Callable[[ChunkRef], list[str]]
) -> None:
    """Cancel the batches and let every job end; fails when that does not come to an end."""
    batches = list(batches)
    for batch in batches:
        ledger.batches.hold(batch, [lane], Hold.CANCEL)
    for _ in range(ROUNDS):
        tick = ledger.lanes.tick([lane], 30, 50)[lane]
        if tick.next_s is None:
            break
        for chore in tick.chores:
            _do(ledger, chore, jobs_of(chore.chunk))
        for handout in tick.handouts:
            _end(ledger, handout)
        _let_time_pass(ledger, LaneKeys(lane))
    assert tick.next_s is None, "the lane never comes to rest"
    for batch in batches:
        ledger.batches.open(Scene(ledger, lane, batch).document(1), 0)
        ledger.batches.finish(batch, "2026-11-21T05:00:00Z", [lane])


def _do(ledger: Ledger, chore: Chore, jobs: list[str]) -> None:
    lanes, chunk = ledger.lanes, chore.chunk
    match chore.what:
        case "load":
            lanes.load(chore.lane, chunk, [(job, "{}") for job in jobs])
        case "seal":
            lanes.seal(chore.lane, chunk, jobs)
        case "withdraw":
            ended = LaneRound(chunks=[chunk], states={JobState.CANCELLED: chunk.size})
            assert lanes.withdraw(chore.lane, chunk, ended)


def _end(ledger: Ledger, handout: Handout) -> None:
    ended = JobState.CANCELLED if handout.state is JobState.PENDING else JobState.FAILED
    record = ledger.jobs.take(handout.claim)
    assert record is not None
    assert record.state is handout.state
    move = Move(handout.state, ended)
    assert ledger.jobs.move(handout.claim, record.chunk, move) is Moved.YES


def _let_time_pass(ledger: Ledger, keys: LaneKeys) -> None:
    for key in (keys.agenda, keys.chores):
        for name in ledger.client.zrange(key, 0, -1):
            ledger.client.zadd(key, {str(name): 1}, xx=True)
