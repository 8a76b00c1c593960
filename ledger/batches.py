"""Batches: their documents, counts and states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from ledger import holds, rounds
from ledger.errors import translated
from ledger.index import nudge, take_turns
from ledger.keys import (
    BATCH_AGENDA,
    BATCHES,
    HOURS,
    LANES,
    LaneKeys,
    batch_closing,
    batch_record,
)
from ledger.purse import Figures, batch_purse
from ledger.scripts import Call, Scripts
from ledger.status import status_from
from ledger.turns import set_stride
from schemas.batch import Batch, BatchStatus, Hold, LaneCounts, Priority, Round
from schemas.lane import ACCOUNT_FAULT
from schemas.states import BatchState, JobState

REOPEN_S = 10.0
"""After this somebody looks at a batch whose next round was announced and never handed in."""
_STOP = ("stopped", "fault", "leaving", "stops")
"""What a lane's config says of its stop."""


class Batches:
    """All batches."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def open(self, batch: Batch, created_ms: int) -> BatchState:
        """Announce a batch whose chunks are about to be handed in.

        Returns the state it is in: OPENING when it is new, or when an earlier submit of the same
        batch died and must be completed.
        """
        key = batch_record(batch.batch)
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hsetnx(key, "state", BatchState.OPENING)
            pipe.hsetnx(key, "document", batch.model_dump_json())
            pipe.hsetnx(key, "started_at", batch.created_at)
            pipe.zadd(BATCHES, {batch.batch: created_ms}, nx=True)
            pipe.hget(key, "state")
            return BatchState(pipe.execute()[-1])

    def new_round(self, batch: str) -> int:
        """A number for a further round that nobody else gets."""
        with translated():
            return 1 + int(self._client.hincrby(batch_record(batch), "rounds", 1))

    def reopen(self, batch: str, round_: Round, finished_at: str) -> bool:
        """Announce a round of a batch that is finished since `finished_at`; False: not any more.

        From here on the round is certain: whoever looks at the batch hands it in.
        """
        self.look_at(batch, REOPEN_S)  # first: should we die now, somebody else hands it in
        reopened = bool(self._scripts.run(rounds.reopen(batch, round_, finished_at)))
        self.look_at(batch, REOPEN_S)  # again: who finished it may have taken that look away
        return reopened

    def follow(self, batch: str, round_: Round, ended: int) -> bool:
        """Announce a round where the round `ended` has come to its end; False: not any more."""
        return bool(self._scripts.run(rounds.follow(batch, round_, ended)))

    def hand_in_round(self, batch: str) -> bool:
        """Hand in what `reopen` announced; False when nothing was announced, or it is done."""
        with translated():
            state, text = self._client.hmget(batch_record(batch), "state", "round")
        if state != BatchState.OPENING or text is None:
            return False
        round_ = Round.model_validate_json(text)
        for lane, part in round_.lanes.items():
            call = rounds.hand_in_round(lane, batch, round_.number, part)
            self._scripts.run_all([call, nudge(LANES, lane)])
        self.start(batch, round_.number)
        return True

    def open_round(self, batch: str) -> int | None:
        """The round that is under way, all of which is handed in; None when there is none.

        Of the first round the counts tell whether it is handed in, so it may be opening still.
        """
        with translated():
            state, number = self._client.hmget(batch_record(batch), "state", "round_number")
        if state == BatchState.RUNNING or (state == BatchState.OPENING and number is None):
            return int(number or 1)
        return None

    def set_budget(self, batch: Batch, currency: str, limit_micro: int) -> None:
        """Order no more than this buys, from now on; a batch that was parked goes on if it may."""
        batch_purse(self._client, self._scripts, batch.batch, currency).set_limit(limit_micro)
        lanes = batch.lanes_billed_in(currency)
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for lane in lanes:
                pipe.hset(LaneKeys(lane).counts(batch.batch), "budgeted", 1)
            pipe.execute()
        self.unhold(batch.batch, lanes, Hold.BUDGET)

    def budgets(self, batch: Batch) -> dict[str, Figures]:
        """What the batch may spend, by currency; empty where nobody set a limit."""
        found = {
            currency: batch_purse(self._client, self._scripts, batch.batch, currency).read()
            for currency in sorted(set(batch.currencies.values()))
        }
        return {name: purse for name, purse in found.items() if purse.limit_micro is not None}

    def has_budget(self, lane: str, batch: str) -> bool:
        """Whether somebody set a limit to what the batch spends in a lane."""
        with translated():
            return bool(self._client.hexists(LaneKeys(lane).counts(batch), "budgeted"))

    def hold(self, batch: str, lanes: Iterable[str], reason: Hold) -> None:
        """Order nothing more of a batch in these lanes, from now on; once finished, nothing."""
        lanes = list(lanes)
        calls = [call for lane in lanes for call in (holds.hold(lane, batch, reason), _look(lane))]
        self._scripts.run_all(calls)
        if self.state(batch) is BatchState.FINISHED:  # by now: nobody else forgets the hold
            self._scripts.run_all([holds.forget(lane, batch) for lane in lanes])

    def unhold(
        self, batch: str, lanes: Iterable[str], reason: Hold, first: Sequence[str] = ()
    ) -> bool:
        """Take a reason back; False when the batch was not held for it. `first`: jobs to go first."""
        calls = [
            call
            for lane in lanes
            for call in (holds.unhold(lane, batch, reason, first), _look(lane))
        ]
        return any(self._scripts.run_all(calls)[::2])

    def prioritize(self, batch: Batch, priority: Priority) -> None:
        """Give a batch another share of its lanes, from its next job on."""
        name = batch.batch
        with translated():
            self._client.hset(batch_record(name), "priority", priority)
        calls = [c for lane in batch.lanes for c in (set_stride(lane, name, priority), _look(lane))]
        self._scripts.run_all(calls)

    def start(self, batch: str, number: int = 1) -> bool:
        """All chunks of a round are handed in: from now on it can finish; False: that was said."""
        self.look_at(batch)  # first: only a batch that is still opening is completed after a crash
        return bool(self._scripts.run(rounds.start(batch, number)))

    def begin_closing(self, batch: str, lease_s: float) -> bool:
        """Say that its tables are being written; False when somebody is at it."""
        key = batch_closing(batch)
        with translated():
            return bool(self._client.set(key, 1, nx=True, px=int(lease_s * 1000)))

    def keep_closing(self, batch: str, lease_s: float) -> None:
        """Its tables are still being written."""
        with translated():
            self._client.pexpire(batch_closing(batch), int(lease_s * 1000))

    def end_closing(self, batch: str) -> None:
        """Its tables are not being written any more."""
        with translated():
            self._client.delete(batch_closing(batch))

    def finish(
        self, batch: str, finished_at: str, lanes: Iterable[str] = (), number: int = 1
    ) -> bool:
        """A round's tables are written; False when that was said before, or another round began."""
        finished = bool(self._scripts.run(rounds.finish(batch, number, finished_at)))
        self.tidy(batch, lanes)
        return finished

    def tidy(self, batch: str, lanes: Iterable[str]) -> None:
        """Look at a finished batch no more, and forget why nothing of it was ordered."""
        if self.state(batch) is not BatchState.FINISHED:
            return
        self._scripts.run_all([holds.forget(lane, batch) for lane in lanes])
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrem(BATCH_AGENDA, batch)
            pipe.zrem(HOURS, batch)
            pipe.execute()
        if self.state(batch) is not BatchState.FINISHED:
            self.look_at(batch)  # somebody began another round in between

    def look_at(self, batch: str, delay_s: float = 0.0) -> None:
        """Ask for a look whether the batch is finished."""
        self._scripts.run(nudge(BATCH_AGENDA, batch, delay_s))

    def due(self, again_s: float, limit: int = 20) -> list[str]:
        """Batches to look at; each is looked at again after `again_s`."""
        return list(self._scripts.run(take_turns(BATCH_AGENDA, again_s, limit))[1:])

    def names(self) -> list[str]:
        """All batches, the newest first."""
        with translated():
            return [str(name) for name in self._client.zrange(BATCHES, 0, -1, desc=True)]

    def state(self, batch: str) -> BatchState | None:
        """Its state, or None when there is no such batch."""
        with translated():
            value = self._client.hget(batch_record(batch), "state")
        return None if value is None else BatchState(str(value))

    def document(self, batch: str) -> Batch | None:
        """What was handed in, or None when there is no such batch."""
        with translated():
            text = self._client.hget(batch_record(batch), "document")
        return None if text is None else Batch.model_validate_json(text)

    def counts(self, batch: Batch) -> list[LaneCounts]:
        """The batch's figures, lane by lane."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for lane in batch.lanes:
                pipe.hgetall(LaneKeys(lane).counts(batch.batch))
                pipe.hmget(LaneKeys(lane).config, *_STOP)
                pipe.get(LaneKeys(lane).trouble)
                pipe.hmget(LaneKeys(lane).holds, *(f"{hold}:{batch.batch}" for hold in Hold))
            replies = pipe.execute()
        return [
            _counts_of(lane, batch, replies[4 * index : 4 * index + 4])
            for index, lane in enumerate(batch.lanes)
        ]

    def status(self, name: str) -> BatchStatus | None:
        """The batch as people see it, or None when there is no such batch."""
        with translated():
            record: Mapping[Any, Any] = self._client.hgetall(batch_record(name))
        if "document" not in record:
            return None
        batch = Batch.model_validate_json(record["document"])
        lanes = self.counts(batch)
        return status_from(batch, record, lanes, self.budgets(batch))


def _counts_of(lane: str, batch: Batch, replies: Sequence[Any]) -> LaneCounts:
    """A lane's figures, from the four answers that `Batches.counts` asks for."""
    figures, stop, trouble, held = replies
    states = {state: int(figures.get(state, 0)) for state in JobState}
    if "chunks" not in figures:  # nothing is handed in yet: all of it waits
        states[JobState.PENDING] = batch.lanes[lane]
    rest = {
        key: int(figures.get(key, 0))
        for key in ("images", "reused", "cost_micro", "chunks", "sealed")
    }
    return LaneCounts(
        lane=lane,
        states=states,
        possible_double_charges=int(figures.get("doubles", 0)),
        at_risk_micro=int(figures.get("at_risk_micro", 0)),
        holds=[hold for hold, is_set in zip(Hold, held, strict=True) if is_set],
        stopped=stop[0],
        at_fault=stop[1] == ACCOUNT_FAULT,
        leaving=_is_leaving(figures, *stop[2:]) and lane in batch.unbound,
        trouble=trouble,
        **rest,
    )


def _look(lane: str) -> Call:
    return nudge(LANES, lane)


def _is_leaving(figures: Mapping[Any, Any], at_once: str | None, stops: str | None) -> bool:
    """What the last look at the batch found; before any since the lane stopped, what that said."""
    found, _, seen = str(figures.get("leaving", "")).partition("@")
    return (found if stops and seen == stops else at_once) == "1"
