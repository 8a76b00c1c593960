"""Batches: their documents, counts and states."""

from __future__ import annotations

import redis

from ledger.errors import translated
from ledger.index import nudge, take_turns
from ledger.keys import BATCH_AGENDA, BATCHES, LaneKeys, batch_record
from ledger.scripts import Scripts
from schemas.batch import Batch, BatchStatus, LaneCounts
from schemas.money import to_text
from schemas.states import BatchState, JobState


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

    def start(self, batch: str) -> None:
        """All chunks are handed in: from now on it can finish."""
        self.look_at(batch)  # first: only a batch that is still opening is completed after a crash
        with translated():
            self._client.hset(batch_record(batch), "state", BatchState.RUNNING)

    def finish(self, batch: str, finished_at: str) -> None:
        """Its tables are written."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(batch_record(batch), "state", BatchState.FINISHED)
            pipe.hset(batch_record(batch), "finished_at", finished_at)
            pipe.zrem(BATCH_AGENDA, batch)
            pipe.execute()

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
                pipe.hget(LaneKeys(lane).config, "stopped")
                pipe.get(LaneKeys(lane).trouble)
            replies = pipe.execute()
        found = []
        for index, (lane, total) in enumerate(batch.lanes.items()):
            figures, stopped, trouble = replies[3 * index : 3 * index + 3]
            states = {state: int(figures.get(state, 0)) for state in JobState}
            if "chunks" not in figures:
                states[JobState.PENDING] = total
            rest = {
                key: int(figures.get(key, 0))
                for key in ("images", "cost_micro", "chunks", "sealed")
            }
            reasons = {"stopped": stopped, "trouble": trouble}
            found.append(LaneCounts(lane=lane, states=states, **reasons, **rest))
        return found

    def status(self, name: str) -> BatchStatus | None:
        """The batch as people see it, or None when there is no such batch."""
        with translated():
            record = self._client.hgetall(batch_record(name))
        if "document" not in record:
            return None
        batch = Batch.model_validate_json(record["document"])
        lanes = self.counts(batch)
        costs: dict[str, int] = {}
        for counts in lanes:
            currency = batch.currencies[counts.lane]
            costs[currency] = costs.get(currency, 0) + counts.cost_micro
        single = next(iter(costs)) if len(costs) == 1 else None
        return BatchStatus(
            batch=name,
            state=record["state"],
            total=batch.total,
            images=sum(counts.images for counts in lanes),
            cost=to_text(costs[single]) if single else "0.00",
            currency=single,
            costs={currency: to_text(micro) for currency, micro in costs.items()},
            started_at=record.get("started_at"),
            finished_at=record.get("finished_at"),
            stopped={counts.lane: counts.stopped for counts in lanes if counts.stopped},
            troubles={counts.lane: counts.trouble for counts in lanes if counts.trouble},
            **{str(s): sum(counts.states[s] for counts in lanes) for s in JobState},
        )
