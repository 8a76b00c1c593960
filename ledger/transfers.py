"""Transfers: rows that leave a lane whose account is at fault, for another account's lane.

Two lanes never share a script, since their keys may lie on two servers. A transfer is begun in the
lane it leaves, where it is written down and from where on nobody else has its jobs; it is received in
the other lane, once, by its number; then it is ended where it began. Whoever dies in between leaves
it written down: the next one to look finds it, and goes on. There is one at a time of each batch and
lane, so that a number tells whether it was received.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import redis

from ledger.errors import translated
from ledger.index import nudge
from ledger.keys import LANES, LaneKeys, batch_record
from ledger.scripts import Argument, Call, Scripts
from schemas.batch import TRANSFERRED, Batch, ChunkRef

_TOO_LOW = "0"
"""Somebody with a higher number was faster."""


@dataclass(frozen=True)
class Transfer:
    """Jobs of one chunk on their way to another lane."""

    source: str
    """The lane they leave."""
    number: int
    target: str
    chunk: ChunkRef
    """The chunk they come from."""
    jobs: Mapping[str, int]
    """Their ids, and how often each was ordered already, for nothing; empty: the whole chunk, which was
    never loaded."""

    @property
    def size(self) -> int:
        """How many jobs there are."""
        return len(self.jobs) or self.chunk.size

    @property
    def arrives_as(self) -> ChunkRef:
        """The chunk they make in the other lane."""
        number = TRANSFERRED + self.number
        return self.chunk.model_copy(update={"number": number, "size": self.size})


class Transfers:
    """All transfers."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def under_way(self, lane: str, batch: str) -> Transfer | None:
        """What somebody began and did not end yet."""
        with translated():
            found = self._client.hget(LaneKeys(lane).transfers, batch)
        return _read(lane, str(found or ""))

    def begin(self, lane: str, batch: str, target: str) -> Transfer | None:
        """Take jobs that may go out of a lane; None where there are none.

        One that is under way already is returned instead, whatever its target.
        """
        keys = LaneKeys(lane)
        names = [
            keys.transfers, keys.config, keys.holds, keys.waiting(batch), keys.ready(batch),
            keys.counts(batch), keys.turns, keys.agenda,
        ]  # fmt: skip
        while True:
            with translated():
                number = int(self._client.hincrby(batch_record(batch), "transfers", 1))
            args: list[Argument] = [batch, number, target, keys.job_prefix, keys.backlog_prefix]
            found = str(self._scripts.run(Call("begin_transfer", names, args)))
            if found != _TOO_LOW:
                return _read(lane, found)

    def receive(self, transfer: Transfer) -> bool:
        """Put its jobs into the other lane, as a chunk; False when that was done before."""
        keys, batch = LaneKeys(transfer.target), transfer.chunk.batch
        with translated():
            counts = LaneKeys(transfer.source).counts(batch)
            stride, budgeted = self._client.hmget(counts, "stride", "budgeted")
        args: list[Argument] = [
            batch, keys.backlog_prefix, str(stride), transfer.size, str(transfer.arrives_as),
            transfer.source, transfer.number, str(budgeted or 0),
        ]  # fmt: skip
        names = [keys.waiting(batch), keys.tally, keys.counts(batch), keys.holds]
        calls = [Call("receive_transfer", names, args), nudge(LANES, transfer.target)]
        return bool(self._scripts.run_all(calls)[0])

    def end(self, transfer: Transfer) -> bool:
        """Its jobs are in the other lane: count them as gone; False when that was done before."""
        keys, chunk = LaneKeys(transfer.source), transfer.chunk
        names = [
            keys.transfers, keys.tally, keys.counts(chunk.batch), keys.chunk(str(chunk)),
            keys.chores,
        ]  # fmt: skip
        args: list[Argument] = [
            chunk.batch, transfer.number, keys.job_prefix, transfer.size, f"seal:{chunk}",
        ]  # fmt: skip
        calls = [Call("end_transfer", names, args), nudge(LANES, transfer.source)]
        return bool(self._scripts.run_all(calls)[0])

    def gone(self, lane: str, chunk: ChunkRef) -> frozenset[str]:
        """The ids of a loaded chunk's jobs that went to other lanes."""
        with translated():
            found = self._client.hget(LaneKeys(lane).chunk(str(chunk)), "gone")
        return frozenset(str(found).split("\n")) if found else frozenset()

    def may_follow(self, lane: str) -> bool:
        """Whether more may become ready that can go: a chunk is being loaded."""
        with translated():
            return bool(self._client.exists(LaneKeys(lane).loading))

    def admit(self, batch: str, lane: str, like: str) -> Batch | None:
        """Make a lane one of the batch's, billed like another; None where there is no such batch."""
        key = batch_record(batch)
        while True:
            with translated():
                before = self._client.hget(key, "document")
            if before is None:
                return None
            document = Batch.model_validate_json(before)
            if lane in document.lanes:
                return document
            admitted = document.with_lane(lane, like)
            args: list[Argument] = [str(before), admitted.model_dump_json()]
            if self._scripts.run(Call("admit_lane", [key], args)):
                return admitted


def _read(lane: str, text: str) -> Transfer | None:
    if not text:
        return None
    number, target, chunk, *lines = text.split("\n")
    jobs = (line.split(" ", 1) for line in lines)
    attempts = {job: int(count) for count, job in jobs}
    return Transfer(lane, int(number), target, ChunkRef.parse(chunk), attempts)
