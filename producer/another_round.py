"""Runs rows of a finished batch again: chosen, announced, handed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.opening import Ledger
from producer.choice import Selection
from producer.chunk_files import ChunkFiles
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from producer.round_tally import RoundTally
from producer.unwanted import Unwanted, forget
from results.run_again import EarlierJobs, again, discard
from results.sealed import sealed_jobs
from schemas.batch import Batch, BatchStatus, Round
from schemas.catalogue import Catalogue, UnknownModel
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
    unwanted: Sequence[Unwanted] = ()
    """Rows of which nobody wants any picture; none are looked for in a rehearsal."""


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
    batch: str,
    selection: Selection,
    storage: Storage,
    catalogue: Catalogue,
    chunks: ChunkFiles | None,
) -> Gathered:
    """Choose rows by their newest results; with `chunks` their jobs are written there.

    Raises what the selection's check raises, NotRunAgain.
    """
    tally, inputs = RoundTally(catalogue), EarlierJobs(storage, batch)
    passed_over: Counter[JobState] = Counter()
    left: Counter[JobState] = Counter()
    unwanted: list[Unwanted] = []
    try:
        for sealed in sealed_jobs(storage, batch):
            result = sealed.result
            selection.see(result)
            if chunks is not None and (images := selection.unwanted(result)):
                unwanted.append(Unwanted.of(inputs.job(sealed), result, images))
            if not selection.takes(result):
                passed_over[result.state] += selection.passes_over(result)
                left[result.state] += 1
                continue
            kept = selection.kept(result)
            tally.add(result, len(kept))
            if chunks is not None:
                job = again(inputs.job(sealed), result, chunks.round, kept)
                chunks.add(selection.revised(job, result))
    except (StorageError, UnknownModel) as error:
        raise NotRunAgain(f"{error} Nothing was ordered.") from error
    selection.check(batch)
    return Gathered(tally, dict(+passed_over), dict(left), unwanted)


def forget_unwanted(gathered: Gathered, storage: Storage) -> None:
    """See to it that no later batch gets pictures nobody wants. Raises NotRunAgain.

    Before the round is handed in: what is drawn then takes their place.
    """
    try:
        forget(gathered.unwanted, storage)
    except StorageError as error:
        raise NotRunAgain(f"{error} Nothing was ordered; run the same command again.") from error


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
        discard(lanes, storage)
        raise NotFinished(
            f"Somebody else runs rows of {name} again just now, so nothing was done here."
            f" `imagemill watch {name}` follows it."
        )
    ledger.batches.hand_in_round(name)
