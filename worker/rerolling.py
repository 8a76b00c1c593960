"""Orders anew what the quality gate refuses, when all of a batch's orders have ended.

It is a further round of the batch, like a `retry`: with orders of its own, counted and paid for, within
the budget. Killed at any point, it happens wholly or not at all.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from ledger.purse import Figures
from results.gate import BatchGate
from results.run_again import EarlierJobs, again, discard, fixed_seed
from results.sealed import Sealed, sealed_jobs
from schemas import layout
from schemas.batch import CHUNK_SIZE, Batch, ChunkRef, LaneRound, Round
from schemas.catalogue import UnknownModel
from schemas.finishing import Gate
from schemas.flaw import FlawKind
from schemas.job import Job
from schemas.lane import Lane
from schemas.model import Model
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage import Storage
from worker.tools import Tools

REROLLED = frozenset({FlawKind.BLANK, FlawKind.ALIKE, FlawKind.SMALL_FILE, FlawKind.LARGE_FILE})
"""What another try may mend: a provider that rounds sizes would round them again, for the same price."""
_GZIP_LEVEL = 1
_GZIP_WINDOW = 31
"""zlib's way of asking for a gzip header, with no time in it: the same jobs give the same bytes."""


def reroll(batch: Batch, ended: int, tools: Tools) -> bool:
    """Begin a further round where something is to be ordered anew after the round `ended`.

    True: the batch is not finished yet, whoever began its further round. Raises StorageError.
    """
    gate = batch.finishing.gate
    if gate is None or not gate.rerolls:
        return False
    number = 0
    parts: dict[str, _Part] = {}
    jobs = EarlierJobs(tools.storage, batch.batch)
    for refused in _refused(batch, gate, tools):
        number = number or tools.ledger.batches.new_round(batch.batch)
        lane = refused.sealed.result.lane
        part = parts.setdefault(lane, _Part(lane, batch.batch, number, tools.storage))
        part.add(refused.sealed.result, refused.anew(jobs.job(refused.sealed), number))
    if not number:
        return False
    round_ = Round(number=number, lanes={lane: part.closed() for lane, part in parts.items()})
    if tools.ledger.batches.follow(batch.batch, round_, ended):
        tools.ledger.batches.hand_in_round(batch.batch)
    else:
        discard(round_.lanes, tools.storage)
    return True


@dataclass(frozen=True)
class _Refused:
    """A row that does not keep all of its pictures."""

    sealed: Sealed
    kept: list[Image]
    model: Model

    def anew(self, job: Job, number: int) -> Job:
        """The row's next revision, in that round, with seeds that no earlier one used."""
        job = again(job, self.sealed.result, number, self.kept)
        parameters = dict(job.parameters)
        seed = fixed_seed(parameters)
        if seed is not None and not self.kept:
            # Where some are kept, whoever orders the others sees to it.
            parameters["seed"] = self.model.seed_at(seed, job.n * (number - 1))
        back = job.earlier.model_copy(update={"falls_back": True})
        revised = {"revision": job.revision + 1, "parameters": parameters, "again": back}
        return job.model_copy(update=revised)


@dataclass
class _Part:
    """One lane's part of a round; its chunks are put into storage as they fill."""

    lane: str
    batch: str
    number: int
    storage: Storage
    _lines: list[bytes] = field(default_factory=list, init=False)
    _chunks: list[ChunkRef] = field(default_factory=list, init=False)
    _states: Counter[JobState] = field(default_factory=Counter, init=False)
    _figures: Counter[str] = field(default_factory=Counter, init=False)

    def add(self, result: JobResult, job: Job) -> None:
        """Take one more job, and what it counted for so far."""
        self._states[result.state] += 1
        self._figures["images"] += len(result.images)
        self._figures["cost_micro"] += result.cost_micro
        self._figures["possible_double_charges"] += result.maybe_paid
        self._figures["reused"] += result.reused_from is not None
        self._lines.append(job.document())
        if len(self._lines) == CHUNK_SIZE:
            self._put()

    def closed(self) -> LaneRound:
        """All of it, once the last chunk is put."""
        if self._lines:
            self._put()
        return LaneRound(chunks=self._chunks, states=dict(self._states), **self._figures)

    def _put(self) -> None:
        number, size = len(self._chunks) + 1, len(self._lines)
        ref = ChunkRef(batch=self.batch, round=self.number, number=number, size=size)
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        data = packer.compress(b"\n".join(self._lines) + b"\n") + packer.flush()
        self.storage.put(layout.input_chunk(self.lane, ref), data, "application/gzip")
        self._chunks.append(ref)
        self._lines.clear()


def _refused(batch: Batch, gate: Gate, tools: Tools) -> Iterator[_Refused]:
    """The rows to be ordered anew, in the manifest's order, as far as the budget goes."""
    judge, budgets = BatchGate(gate), tools.ledger.batches.budgets(batch)
    spent_micro: Counter[str] = Counter()
    lanes = _open_lanes(batch, tools)
    for sealed in sealed_jobs(tools.storage, batch.batch):
        wrong = _to_be_mended(judge.marked(sealed.result))
        model = lanes.get(sealed.result.lane)
        rerolled = sealed.result.revision - batch.revision
        if not wrong or model is None or rerolled >= gate.rerolls:
            continue
        kept = [image for image in sealed.result.images if image.index not in wrong]
        cost_micro = len(wrong) * model.price_micro_of(sealed.result.parameters)
        if _fits(budgets.get(model.currency), spent_micro[model.currency] + cost_micro):
            spent_micro[model.currency] += cost_micro
            yield _Refused(sealed, kept, model)


def _to_be_mended(result: JobResult) -> set[int]:
    """Which of its pictures another try may mend; of a row that lacks some, a person decides."""
    if result.state is not JobState.SUCCEEDED:
        return set()
    return {
        image.index
        for image in result.images
        if image.index <= result.n and any(flaw.kind in REROLLED for flaw in image.flaws)
    }


def _fits(budget: Figures | None, cost_micro: int) -> bool:
    room_micro = budget.room_micro if budget else None
    return room_micro is None or cost_micro <= room_micro


def _open_lanes(batch: Batch, tools: Tools) -> dict[str, Model]:
    """Lanes where something can be ordered: in others a further round would keep the batch open."""
    found = {}
    for counts in tools.ledger.batches.counts(batch):
        if not (counts.holds or counts.stopped):
            with suppress(UnknownModel):  # to this worker; what is wrong stays marked
                found[counts.lane] = tools.models.find(Lane.parse(counts.lane))
    return found
