"""Jobs that are run once more: as they were ordered before, with what came of that."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from results.sealed import Sealed
from schemas import layout
from schemas.batch import TRANSFERRED, ChunkRef, LaneRound
from schemas.flaw import Flaw, FlawKind
from schemas.job import Again, Job, content_key
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage.errors import StorageError
from storage.port import Storage


@dataclass
class EarlierJobs:
    """The jobs as they were last run; of each lane and round the chunk read last is held.

    Of those that came from other lanes likewise: they lie between the lane's own.
    """

    storage: Storage
    batch: str
    _held: dict[tuple[str, int, bool], tuple[int, dict[str, Job]]] = field(default_factory=dict)

    def job(self, sealed: Sealed) -> Job:
        """The job that came to this result. Raises StorageError."""
        lane, round_ = sealed.result.lane, sealed.round
        place = lane, round_, sealed.chunk > TRANSFERRED
        if place not in self._held or self._held[place][0] != sealed.chunk:
            ref = ChunkRef(batch=self.batch, round=round_, number=sealed.chunk, size=1)
            lines = gzip.decompress(self.storage.get(layout.input_chunk(lane, ref))).splitlines()
            jobs = map(Job.model_validate_json, lines)
            self._held[place] = sealed.chunk, {job.id: job for job in jobs}
        return self._held[place][1][sealed.result.id]


def again(job: Job, result: JobResult, round_: int, kept: Sequence[Image]) -> Job:
    """A job as it is run once more, with what earlier rounds came to and what it keeps of that."""
    replaced = [image for image in result.images if image not in kept]
    return job.as_drawn(result).model_copy(
        update={
            "spent": 0,  # it is among the result's attempts
            "again": Again(
                round=round_,
                kept=list(kept),
                replaced=[*result.replaced, *replaced],
                order=job.earlier.order or content_key(job),
                answers=job.earlier.answers,
                attempts=result.attempts,
                cost_micro=result.cost_micro,
                possible_double_charges=result.possible_double_charges + result.maybe_paid,
            ),
        }
    )


def as_before(result: JobResult) -> JobResult:
    """The result of a row that was ordered anew; what did not come is as it was before.

    Of an order that may be drawn yet a person decides first.
    """
    there = {image.index for image in result.images}
    # Of several revisions the last counts.
    before = {old.index: old for old in result.replaced if old.index not in there}
    if not before or result.state is JobState.UNCERTAIN:
        return result
    why = next((failure.code for failure in result.failures), str(result.state))
    images = [*result.images, *(_kept(old, why) for old in before.values())]
    whole = len(images) >= result.n
    stays = {old.key for old in before.values()}
    return result.model_copy(
        update={
            "state": JobState.SUCCEEDED if whole else JobState.PARTIAL,
            "images": sorted(images, key=lambda image: image.index),
            "failures": [] if whole else result.failures,
            "replaced": [old for old in result.replaced if old.key not in stays],
        }
    )


def fixed_seed(parameters: Mapping[str, Any]) -> int | None:
    """The seed the row itself fixes; below zero the vendors choose one."""
    seed = parameters.get("seed")
    return seed if type(seed) is int and seed >= 0 else None


def discard(lanes: Mapping[str, LaneRound], storage: Storage) -> None:
    """Remove a round's chunks that nobody will read; should that fail, they do no harm."""
    with suppress(StorageError):
        for lane, part in lanes.items():
            for ref in part.chunks:
                storage.delete(layout.input_chunk(lane, ref))


def _kept(image: Image, why: str) -> Image:
    flaws = [flaw for flaw in image.flaws if flaw.kind is not FlawKind.KEPT]
    return image.model_copy(update={"flaws": [*flaws, Flaw(kind=FlawKind.KEPT, seen=why)]})
