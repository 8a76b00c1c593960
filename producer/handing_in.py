"""Puts a batch where workers find it: into storage, then into the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.lanes import Lanes
from ledger.opening import Ledger
from producer.chunk_files import ChunkFiles
from producer.errors import ProducerError
from producer.exit_codes import ExitCode
from schemas import layout
from schemas.batch import Batch, Hold, Priority, Reading
from schemas.recipe import Recipe
from schemas.states import BatchState
from storage import Storage, StorageError


class NameTaken(ProducerError):
    """Another manifest's batch has that name."""

    exit_code = ExitCode.USAGE


class NotHandedIn(ProducerError):
    """Storage failed while the batch was handed in."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True)
class Submitted:
    """A batch that is in the ledger."""

    batch: Batch
    fresh: bool
    """False: the same batch was handed in before."""


def hand_in(
    batch: Batch,
    chunks: ChunkFiles,
    ledger: Ledger,
    storage: Storage,
    limits: Mapping[str, Any],
    budgets: Mapping[str, int] | None = None,
) -> Submitted:
    """Put a batch into storage and ledger. Interrupted at any point, the same call completes it.

    Raises NameTaken, NotHandedIn.
    """
    state = ledger.batches.open(batch, ledger.fleet.now_ms())
    # Read after it is opened: of two that open a name at once, one is the first.
    known = ledger.batches.document(batch.batch) or batch
    check_source(batch, known)
    # One that is opening again was finished before: a retry died, and what it announced is certain.
    if state is not BatchState.OPENING or ledger.batches.hand_in_round(batch.batch):
        return Submitted(known, fresh=False)
    if known.lanes != batch.lanes:
        raise NameTaken(
            f"Batch {batch.batch} was begun with {_rows(known.lanes)}; by the settings of now it is"
            f" {_rows(batch.lanes)}. Put them back as they were to complete it, or choose another"
            " --batch NAME."
        )
    _store(batch, chunks, storage)
    if batch.hours is not None:  # before there is anything to order; who leads the workers opens it
        ledger.hours.look_at(batch.batch)
        ledger.batches.hold(batch.batch, batch.lanes, Hold.HOURS)
    for currency, limit_micro in (budgets or {}).items():
        ledger.batches.set_budget(batch, currency, limit_micro)
    _fill_lanes(batch, known.priority, chunks, ledger.lanes, limits)
    ledger.batches.start(batch.batch)
    if batch.hours is not None:
        ledger.hours.look_at(batch.batch)
    return Submitted(batch, fresh=True)


def check_source(batch: Batch, known: Batch) -> None:
    """Raises NameTaken where the batch of that name was made from something else."""
    if _source(known) != _source(batch):
        raise NameTaken(
            f"Batch {batch.batch} was made from {known.manifest} with other content or other options."
            " Choose another --batch NAME."
        )


def _store(batch: Batch, chunks: ChunkFiles, storage: Storage) -> None:
    """Put pictures, chunks and the batch's document where workers find them. Raises NotHandedIn."""
    try:
        chunks.upload_pictures(storage)
        for lane in batch.lanes:
            chunks.upload(batch.batch, lane, storage)
        document = batch.model_dump_json(indent=1).encode()
        storage.put(layout.batch_document(batch.batch), document, "application/json")
    except StorageError as error:
        raise NotHandedIn(f"{error} Nothing was ordered; run the same command again.") from error


def _fill_lanes(
    batch: Batch, priority: Priority, chunks: ChunkFiles, lanes: Lanes, limits: Mapping[str, Any]
) -> None:
    """Open the batch's lanes, and hand each its chunks."""
    for lane in batch.lanes:
        lanes.open(lane, limits[lane], unlisted=batch.unlisted.get(lane))
        lanes.hand_in(lane, batch.batch, chunks.refs(batch.batch, lane), priority)


def _rows(lanes: Mapping[str, int]) -> str:
    return ", ".join(f"{rows} rows in {lane}" for lane, rows in lanes.items())


def _source(batch: Batch) -> tuple[str, dict[str, Any], Reading, Recipe | None]:
    return batch.manifest_sha256, batch.defaults, batch.reading, batch.recipe
