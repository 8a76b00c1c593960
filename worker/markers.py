"""Markers in storage: what was drawn for the very same order before is not ordered again.

A marker lies under the order's content key, which knows the row's revision and not how files are
labelled: it says itself how those are that it names. What a person had drawn anew lies under the key
of the order as it was handed in, too: from then on that is what the row gives.
"""

from __future__ import annotations

import logging

from pydantic import ValidationError

from schemas import layout
from schemas.job import Job, content_key
from schemas.marker import Marker
from schemas.result import JobResult
from schemas.states import JobState
from storage import NotFound, Storage
from worker.held import HeldJob
from worker.tools import Tools

log = logging.getLogger(__name__)


def leave_marker(held: HeldJob, result: JobResult, tools: Tools) -> None:
    """Say that a row's pictures are all stored. Raises StorageError.

    What draws no picture is asked anew each time: its answer is all there is of it.
    """
    if result.state is not JobState.SUCCEEDED or not held.model.draws:
        return
    marker = Marker(
        batch=held.claim.batch,
        finishing=held.job.finishing,
        result=result.model_copy(update={"row": {}}),
    )
    put_marker(held.job, marker, tools.storage)
    if held.job.earlier.answers:
        _put(held.job.earlier.order, marker, tools.storage)


def put_marker(job: Job, marker: Marker, storage: Storage) -> None:
    """Write down what was drawn for an order, over what was there. Raises StorageError."""
    _put(content_key(job), marker, storage)


def marker_of(job: Job, storage: Storage) -> Marker | None:
    """What was drawn for an order; None where nothing is known of it. Raises StorageError."""
    key = layout.marker_key(content_key(job))
    try:
        return Marker.model_validate_json(storage.get(key))
    except NotFound:
        return None
    except ValidationError as error:
        log.warning("marker.unreadable", extra={"key": key, "why": str(error)})
        return None


def _put(content: str, marker: Marker, storage: Storage) -> None:
    storage.put(layout.marker_key(content), marker.model_dump_json().encode(), "application/json")
