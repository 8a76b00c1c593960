"""Runs rows of a finished batch again: chosen, announced, handed in."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ledger.opening import Ledger
from producer.choice import AskedIds, Choice
from producer.chunk_files import ChunkFiles
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.round_tally import RoundTally
from results.sealed import Sealed, sealed_jobs
from schemas import layout
from schemas.batch import Batch, BatchStatus, ChunkRef, LaneRound, Round
from schemas.catalogue import Catalogue, UnknownModel
from schemas.job import Again, Job
from schemas.result import JobResult
from schemas.states import BatchState, JobState
from storage import Storage, StorageError


class NotFinished(ProducerError):
    """Only what has ended can be run again."""

    exit_code = ExitCode.WAITED


class NotRunAgain(ProducerError):
    """Storage failed, or does not hold what the rows are made of."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True)
class Gathered:
    """What is to be run again."""

    tally: RoundTally
    passed_over: dict[JobState, int]
    """Rows that were named and are not run again, by state."""
    left: dict[JobState, int]
    """All rows that are not run again, by state."""


@dataclass
class _Inputs:
    """The jobs as they first came; of each lane the chunk read last is held."""

    storage: Storage
    batch: str
    _held: dict[str, tuple[int, dict[str, Job]]] = field(default_factory=dict)

    def job(self, sealed: Sealed) -> Job:
        lane, number = sealed.result.lane, sealed.chunk
        if lane not in self._held or self._held[lane][0] != number:
            key = layout.input_chunk(lane, ChunkRef(batch=self.batch, number=number, size=1))
            lines = gzip.decompress(self.storage.get(key)).splitlines()
            jobs = map(Job.model_validate_json, lines)
            self._held[lane] = number, {job.id: job for job in jobs}
        return self._held[lane][1][sealed.result.id]


def check_finished(status: BatchStatus) -> str:
    """Since when a batch is finished. Raises NotFinished saying how it stands and what to do."""
    if status.state == BatchState.FINISHED and status.finished_at is not None:
        return status.finished_at
    hints = {
        "paused": f"`imagemill resume {status.batch}` lets it go on.",
        "cancelling": f"`imagemill watch {status.batch}` follows it until its orders have come in.",
        "parked: budget": f"`imagemill resume {status.batch} --budget AMOUNT` lets it go on.",
    }
    hint = hints.get(status.state, f"`imagemill watch {status.batch}` follows it.")
    raise NotFinished(
        f"{status.batch} is not finished ({status.state}): {status.ended} of {status.total} rows"
        f" are done. Rows are run again when all have ended. {hint}"
    )


def gather(
    batch: str, choice: Choice, storage: Storage, catalogue: Catalogue, chunks: ChunkFiles | None
) -> Gathered:
    """Choose rows by their newest results; with `chunks` their jobs are written there.

    Raises OptionError for ids the batch does not have, NotRunAgain.
    """
    tally, asked, inputs = RoundTally(catalogue), AskedIds(choice.ids), _Inputs(storage, batch)
    passed_over: Counter[JobState] = Counter()
    left: Counter[JobState] = Counter()
    try:
        for sealed in sealed_jobs(storage, batch):
            result = sealed.result
            asked.see(result.id)
            if not choice.takes(result):
                passed_over[result.state] += choice.passes_over(result)
                left[result.state] += 1
                continue
            tally.add(result)
            if chunks is not None:
                chunks.add(again(inputs.job(sealed), result, chunks.round))
    except (StorageError, UnknownModel) as error:
        raise NotRunAgain(f"{error} Nothing was ordered.") from error
    asked.check(batch)
    return Gathered(tally, dict(+passed_over), dict(left))


def again(job: Job, result: JobResult, round_: int) -> Job:
    """A job as it is run once more, with what earlier rounds came to."""
    return job.model_copy(
        update={
            "again": Again(
                round=round_,
                kept=result.images,
                attempts=result.attempts,
                cost_micro=result.cost_micro,
                possible_double_charges=result.possible_double_charges + result.maybe_paid,
            )
        }
    )


def hand_in_again(
    batch: Batch,
    gathered: Gathered,
    chunks: ChunkFiles,
    finished_at: str,
    places: tuple[Ledger, Storage],
) -> None:
    """Run the gathered rows again. Killed at any point, it happened wholly or not at all.

    Raises NotRunAgain, NotFinished when somebody else was faster.
    """
    ledger, storage = places
    name = batch.batch
    chunks.close()
    lanes = {
        lane: gathered.tally.lane_round(lane, chunks.refs(name, lane)) for lane in chunks.lanes
    }
    try:
        for lane in lanes:
            chunks.upload(name, lane, storage)
    except StorageError as error:
        raise NotRunAgain(f"{error} Nothing was ordered; run the same command again.") from error
    if not ledger.batches.reopen(name, Round(number=chunks.round, lanes=lanes), finished_at):
        _discard(lanes, storage)
        raise NotFinished(
            f"Somebody else runs rows of {name} again just now, so nothing was done here."
            f" `imagemill watch {name}` follows it."
        )
    ledger.batches.hand_in_round(name)


def _discard(lanes: Mapping[str, LaneRound], storage: Storage) -> None:
    """Remove what nobody will read; should that fail, it lies there and does no harm."""
    with suppress(StorageError):
        for lane, part in lanes.items():
            for ref in part.chunks:
                storage.delete(layout.input_chunk(lane, ref))
