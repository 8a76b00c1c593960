"""What the ledger keeps of batches, and how it forgets those that are finished.

What decides goes first, at once: the batch's record. A process that dies after that leaves a name in the
list of batches without a record, by which the next one finds what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from ledger import holds
from ledger.errors import translated
from ledger.keys import (
    BATCH_AGENDA,
    BATCHES,
    KNOWN_LANES,
    NOTICES,
    LaneKeys,
    batch_keys,
    batch_record,
)
from ledger.scripts import Argument, Call, Scripts
from schemas.batch import Batch
from schemas.states import BatchState

_AT_ONCE = 100


@dataclass(frozen=True)
class KeptBatch:
    """A batch as far as it matters how long it is kept."""

    name: str
    state: BatchState | None
    """None: whoever forgot it died on the way."""
    finished_at: str | None = None
    document: Batch | None = None

    def is_older_than(self, moment: datetime) -> bool:
        """Whether it is finished since before that moment, or half forgotten already."""
        if self.state is None:
            return True
        if self.state is not BatchState.FINISHED or self.finished_at is None:
            return False
        finished = datetime.fromisoformat(self.finished_at)
        return (finished if finished.tzinfo else finished.replace(tzinfo=UTC)) < moment


class Retention:
    """Everything the ledger keeps of batches."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def batches(self) -> Iterator[KeptBatch]:
        """All batches, the oldest first, read as they are asked for."""
        with translated():
            names = [str(name) for name in self._client.zrange(BATCHES, 0, -1)]
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            with translated():
                pipe = self._client.pipeline(transaction=False)
                for name in part:
                    pipe.hmget(batch_record(name), "state", "finished_at", "document")
                records = pipe.execute()
            for name, record in zip(part, records, strict=True):
                yield _kept(name, record)

    def forget(self, batch: KeptBatch) -> int | None:
        """Forget a finished batch for good; the keys that are gone, or None: it is under way again."""
        gone = 0
        if batch.document is not None:
            currencies = sorted(set(batch.document.currencies.values()))
            record, *others = batch_keys(batch.name, currencies)
            args: list[Argument] = [batch.finished_at or "", *others]
            gone = int(self._scripts.run(Call("forget_batch", [record], args)))
            if not gone:
                return None
        return gone + self._forget_in_lanes(batch.name)

    def _forget_in_lanes(self, batch: str) -> int:
        """Its counts and holds in every lane, then its name."""
        with translated():
            lanes = sorted(str(lane) for lane in self._client.smembers(KNOWN_LANES))
        self._scripts.run_all([holds.forget(lane, batch) for lane in lanes])
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for lane in lanes:
                pipe.unlink(LaneKeys(lane).counts(batch))
            gone = sum(pipe.execute()) if lanes else 0
            for index in (BATCH_AGENDA, NOTICES, BATCHES):
                self._client.zrem(index, batch)
        return gone


def _kept(name: str, record: Sequence[Any]) -> KeptBatch:
    state, finished_at, text = record
    if state is None or text is None:
        # A submit that died before the document: the next one of the same manifest writes it.
        return KeptBatch(name, None if state is None else BatchState(state))
    return KeptBatch(name, BatchState(state), finished_at, Batch.model_validate_json(text))
