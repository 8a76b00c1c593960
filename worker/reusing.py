"""Rows whose very order was drawn in an earlier batch: they end without a call, and cost nothing.

What was drawn counts only while it is there: whoever deletes a picture has it drawn anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from schemas.catalogue import UnknownModel
from schemas.job import Job
from schemas.lane import Lane
from schemas.marker import MadeBatch, Marker
from schemas.model import Model
from schemas.result import Image, JobResult
from worker.held import utc_text
from worker.markers import marker_of, put_marker
from worker.refinishing import Gone, Refinisher
from worker.tools import Tools

LOOKERS = 16
"""Threads that look for what was drawn of one chunk: each look is a way to the storage and back."""


def drawn_before(jobs: Sequence[Job], batch: MadeBatch, tools: Tools) -> list[JobResult]:
    """How those of a chunk's jobs end whose very order was drawn in another batch.

    One that had the same name and is forgotten, by `prune` or with its server, is another batch.
    A row that a person has run once more is ordered; one that the quality gate refused may have been
    refused and drawn anew before. Raises StorageError.
    """
    asked = [job for job in jobs if job.round == 1 or job.earlier.falls_back]
    if not asked:
        return []
    model = _model(asked[0], tools)
    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="reusing") as pool:
        ended = pool.map(lambda job: _ended(job, batch, model, tools), asked)
        return [result for result in ended if result is not None]


def _ended(job: Job, batch: MadeBatch, model: Model | None, tools: Tools) -> JobResult | None:
    marker = marker_of(job, tools.storage)
    if marker is None or marker.is_of(batch):  # rows of one batch never stand for each other
        return None
    drawn = job.as_drawn(marker.result)
    refinisher = Refinisher(drawn, batch.name, marker, model, tools.storage, tools.sealer)
    try:
        images = [refinisher.finished(image) for image in marker.pictures_for(job)]
    except Gone:
        return None
    if not images:
        return None
    if refinisher.differs and len(images) == len(marker.result.images):
        # The next batch finds them as they are wanted now, and so does whoever does this once more.
        result = marker.result.model_copy(update={"images": images})
        told = {"result": result, "finishing": job.finishing}
        put_marker(job, marker.model_copy(update=told), tools.storage)
    return _reused(job, marker, images, tools.clock.now())


def _reused(job: Job, marker: Marker, images: Sequence[Image], moment: datetime) -> JobResult:
    """The earlier ending as this row's own: it cost nothing more and asked nobody."""
    again = job.earlier
    own: dict[str, Any] = {
        "id": job.id,
        "line": job.line,
        "lane": job.lane,
        "images": sorted([*again.kept, *images], key=lambda image: image.index),
        "replaced": again.replaced,
        "reused_from": marker.batch,
        "attempts": again.attempts,
        "cost_micro": again.cost_micro,
        "possible_double_charges": again.possible_double_charges,
        "submitted_at": None,
        "finished_at": utc_text(moment),
    }
    return marker.result.model_copy(update=own)


def _model(job: Job, tools: Tools) -> Model | None:
    """The chunk's; None where this worker does not know it, which is for whoever orders to say."""
    try:
        return tools.models.find(Lane.parse(job.lane))
    except UnknownModel:
        return None
