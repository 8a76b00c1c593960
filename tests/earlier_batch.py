"""What a worker leaves in storage of an order that it drew."""

from __future__ import annotations

from schemas import layout
from schemas.job import Job, content_key
from schemas.lane import Lane
from schemas.marker import Marker
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage import Storage

PICTURE = b"a picture"


def leave_drawn(
    storage: Storage, job: Job, batch: str = "yesterday", finished_at: str | None = None
) -> list[str]:
    """A marker and its pictures; their keys."""
    images = [_image(job, batch, index) for index in range(1, job.n + 1)]
    for image in images:
        storage.put(image.key, PICTURE, image.content_type)
    result = JobResult(
        id=job.id,
        line=job.line,
        state=JobState.SUCCEEDED,
        lane=job.lane,
        model=Lane.parse(job.lane).model,
        n=job.n,
        images=images,
        attempts=1,
        currency="CNY",
        revision=job.revision,
        finished_at=finished_at,
    )
    marker = Marker(batch=batch, result=result).model_dump_json().encode()
    storage.put(layout.marker_key(content_key(job)), marker, "application/json")
    return [image.key for image in images]


def _image(job: Job, batch: str, index: int) -> Image:
    return Image(
        key=layout.image_key(batch, job.name, index, "png", revision=job.revision),
        index=index,
        sha256="0" * 64,
        size_bytes=len(PICTURE),
        width=1,
        height=1,
        content_type="image/png",
        revision=job.revision,
    )
