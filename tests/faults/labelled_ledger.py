"""The ledger as a worker under test sees it: its calls pass labelled points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ledger.batches import Batches
from ledger.jobs import Jobs, Record
from ledger.lanes import Lanes
from ledger.looks import LaneLooks, LaneTasks
from ledger.moves import Claim, Mark, Move, Moved
from ledger.opening import Ledger
from ledger.transfers import Transfer, Transfers
from schemas.batch import ChunkRef
from schemas.states import ENDED_STATES, OPEN_STATES, JobState
from tests.faults.points import Point
from tests.faults.tripwire import Tripwire

_AFTER = {
    (JobState.SUBMITTING, JobState.RUNNING): Point.TICKETED,
    (JobState.RUNNING, JobState.RUNNING): Point.BETWEEN_POLLS,
}


def labelled_ledger(ledger: Ledger, tripwire: Tripwire) -> Ledger:
    """The same ledger on the same connections."""
    parts = (ledger.client, ledger.scripts)
    return replace(
        ledger,
        jobs=LabelledJobs(*parts, tripwire=tripwire),
        lanes=LabelledLanes(*parts, tripwire=tripwire),
        batches=LabelledBatches(*parts, tripwire=tripwire),
        looks=LabelledLooks(*parts, tripwire=tripwire),
        transfers=LabelledTransfers(*parts, tripwire=tripwire),
    )


class LabelledJobs(Jobs):
    """Job records; whose record was read last is the job a thread works on."""

    def __init__(self, *parts: Any, tripwire: Tripwire) -> None:
        super().__init__(*parts)
        self._tripwire = tripwire

    def take(self, claim: Claim, states: Sequence[JobState] = OPEN_STATES) -> Record | None:
        self._tripwire.at_hand(claim.ref)
        return super().take(claim, states)

    def mark(self, claim: Claim, move: Move) -> Mark:
        self._tripwire.passes(Point.UNMARKED, claim.ref)
        return super().mark(claim, move)

    def move(self, claim: Claim, chunk: str, move: Move) -> Moved:
        before = _before(move)
        if before is not None:
            self._tripwire.passes(before, claim.ref)
        moved = super().move(claim, chunk, move)
        after = _AFTER.get((move.source, move.target))
        if after is not None and moved is Moved.YES:
            self._tripwire.passes(after, claim.ref)
        return moved


def _before(move: Move) -> Point | None:
    if move.source is JobState.RUNNING and move.target is JobState.STORING:
        return Point.DRAWN
    if move.source is JobState.STORING and move.target in ENDED_STATES:
        return Point.ALL_STORED
    return None


def name_of(chunk: ChunkRef) -> str:
    """A chunk as a fault's subject."""
    return f"{chunk.batch}/{chunk.number:05}"


class LabelledLanes(Lanes):
    """Lanes, their chunks labelled."""

    def __init__(self, *parts: Any, tripwire: Tripwire) -> None:
        super().__init__(*parts)
        self._tripwire = tripwire

    def load(self, lane: str, chunk: ChunkRef, *jobs: Any) -> bool:
        self._tripwire.passes(Point.CHUNK_READ, name_of(chunk))
        loaded = super().load(lane, chunk, *jobs)
        self._tripwire.passes(Point.CHUNK_LOADED, name_of(chunk))
        return loaded

    def seal(self, lane: str, chunk: ChunkRef, *jobs: Any) -> bool:
        self._tripwire.passes(Point.RESULTS_WRITTEN, name_of(chunk))
        sealed = super().seal(lane, chunk, *jobs)
        self._tripwire.passes(Point.CHUNK_SEALED, name_of(chunk))
        return sealed


class LabelledLooks(LaneLooks):
    """Looks at the provider's list: a thread that is about one works on no job."""

    def __init__(self, *parts: Any, tripwire: Tripwire) -> None:
        super().__init__(*parts)
        self._tripwire = tripwire

    def tasks(self, lane: str) -> LaneTasks:
        self._tripwire.at_hand("")
        return super().tasks(lane)


class LabelledBatches(Batches):
    """Batches, their end labelled."""

    def __init__(self, *parts: Any, tripwire: Tripwire) -> None:
        super().__init__(*parts)
        self._tripwire = tripwire

    def finish(self, batch: str, *rest: Any) -> bool:
        self._tripwire.passes(Point.TABLES_WRITTEN, batch)
        return super().finish(batch, *rest)


class LabelledTransfers(Transfers):
    """What goes from lane to lane, labelled by its batch."""

    def __init__(self, *parts: Any, tripwire: Tripwire) -> None:
        super().__init__(*parts)
        self._tripwire = tripwire

    def begin(self, lane: str, batch: str, target: str) -> Transfer | None:
        begun = super().begin(lane, batch, target)
        if begun is not None:
            self._tripwire.passes(Point.TRANSFER_BEGUN, batch)
        return begun

    def receive(self, transfer: Transfer) -> bool:
        received = super().receive(transfer)
        self._tripwire.passes(Point.TRANSFER_RECEIVED, transfer.chunk.batch)
        return received

    def end(self, transfer: Transfer) -> bool:
        ended = super().end(transfer)
        self._tripwire.passes(Point.TRANSFER_ENDED, transfer.chunk.batch)
        return ended
