"""Batches whose jobs have all ended, without a worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from ledger.keys import LaneKeys
from ledger.opening import Ledger
from ledger.turns import stride
from schemas import layout
from schemas.batch import ChunkRef, Priority
from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage import Storage
from tests.submission.manifests import FLUX, WANX, jobs_of

PRICE_MICRO = 160_000
_MOMENTS: Iterator[int] = count()


def ended(job: Job, state: JobState, *classes: ErrorClass) -> JobResult:
    """How a job ended; a partial one has what it had, or its first picture."""
    before = job.earlier
    kept = {image.index: image for image in before.kept}
    missing = [index for index in range(1, job.n + 1) if index not in kept]
    few = missing[:1] if not kept else []
    drawn = {JobState.SUCCEEDED: missing, JobState.PARTIAL: few}.get(state, [])
    images = {**kept, **{index: _image(job, index) for index in drawn}}
    at_risk = state is JobState.UNCERTAIN or ErrorClass.TIMEOUT in classes
    return JobResult(
        id=job.id,
        line=job.line,
        state=state,
        lane=job.lane,
        model="wanx-v1",
        n=job.n,
        images=[images[index] for index in sorted(images)],
        failures=[Failure(error_class=each, code="x", message="") for each in classes],
        attempts=1 + before.attempts,
        cost_micro=before.cost_micro + PRICE_MICRO * len(drawn),
        currency="CNY",
        at_risk_micro=PRICE_MICRO if at_risk else 0,
        possible_double_charges=before.possible_double_charges,
        prompt=job.prompt,
        parameters=job.parameters,
        row=job.row,
        revision=job.revision,
        replaced=before.replaced,
    )


def finish(
    ledger: Ledger,
    storage: Storage,
    batch: str,
    endings: Mapping[str, tuple[Any, ...]],
    lanes: tuple[str, ...] = (WANX, FLUX),
) -> str:
    """End whatever waits: as `endings` says by id, well otherwise. Since when it is finished."""
    for lane in lanes:
        keys = LaneKeys(lane)
        waiting = ledger.client.lrange(keys.waiting(batch), 0, -1)
        for ref in (ChunkRef.parse(str(each)) for each in waiting):
            jobs = jobs_of(storage.get(layout.input_chunk(lane, ref)))
            results = [ended(job, *endings.get(job.id, (JobState.SUCCEEDED,))) for job in jobs]
            lines = "".join(result.model_dump_json() + "\n" for result in results)
            storage.put(layout.results_chunk(lane, ref), lines.encode(), "application/x-ndjson")
            _count(ledger, keys.counts(batch), keys.tally, results)
        ledger.client.delete(keys.waiting(batch))
        for priority in Priority:
            ledger.client.zrem(keys.backlog(str(stride(priority))), batch)
    finished_at = f"2026-11-21T06:00:{next(_MOMENTS):02}+00:00"
    assert ledger.batches.finish(batch, finished_at, lanes, ledger.batches.open_round(batch) or 1)
    return finished_at


def _count(ledger: Ledger, counts: str, tally: str, results: list[JobResult]) -> None:
    for state, jobs in Counter(result.state for result in results).items():
        for key in (counts, tally):
            ledger.client.hincrby(key, "pending", -jobs)
            ledger.client.hincrby(key, state, jobs)
    ledger.client.hincrby(counts, "images", sum(len(result.images) for result in results))
    ledger.client.hincrby(counts, "cost_micro", sum(result.cost_micro for result in results))
    ledger.client.hincrby(counts, "sealed", 1)


def _image(job: Job, index: int) -> Image:
    return Image(
        key=layout.image_key("night", job.name, index, "png", revision=job.revision),
        revision=job.revision,
        index=index,
        sha256="0" * 64,
        size_bytes=100,
        width=64,
        height=48,
        content_type="image/png",
    )
