"""Renditions on their way into storage: made of the stored picture, and laid beside it.

The picture comes first and is paid for: whatever becomes of a rendition, it stays as it is.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import ValidationError

from results.rendering import Rendered, Unrendered, render
from schemas import layout
from schemas.job import Job
from schemas.rendition import RenditionSpec
from schemas.result import Image, JobResult, Rendition, Sidecar
from storage import Full, StorageError, Unreachable
from worker.held import HeldJob
from worker.keeping import keep
from worker.labelling import seal_rendition, signs
from worker.tools import Tools

log = logging.getLogger(__name__)

PASSING = (Unreachable, Full)
"""What is worth waiting for: any other fault of the storage would meet the same rendition again."""
PATIENCE_S = 3600.0
"""How long a row waits for a storage that takes its pictures and not its renditions."""
RENDERERS = 8
"""Threads that make what reused pictures lack: most of the time they wait for the storage."""


def rendered_or_not(held: HeldJob, image: Image, tools: Tools, file: bytes | None = None) -> Image:
    """The picture with its renditions; as it is where the storage fails just now.

    `file` is what lies in storage, where it is at hand.
    """
    try:
        return _with_renditions(held.job, held.claim.batch, image, tools, file)
    except PASSING as error:
        extra = {"batch": held.claim.batch, "job": held.claim.job, "why": str(error)}
        log.warning("rendition.late", extra=extra)
        return image


def completed(held: HeldJob, image: Image, tools: Tools) -> Image:
    """A picture stored before, with the renditions it still lacks; its sidecar tells of them."""
    found = rendered_or_not(held, image, tools)
    if found is image:
        return image
    key = layout.sidecar_key(image.key)
    try:
        sidecar = Sidecar.model_validate_json(tools.storage.get(key))
        told = sidecar.model_copy(update={"image": found}).model_dump_json(indent=1).encode()
        tools.storage.put(key, told, "application/json")
    except PASSING:
        return image
    except (StorageError, ValidationError) as error:
        log.warning("sidecar.untold", extra={"key": key, "why": str(error)})
    return found


def patiently(
    held: HeldJob, images: dict[int, Image], *, last_try: bool
) -> tuple[dict[int, Image], bool]:
    """Whether to wait for a storage that did not take renditions; if not, the pictures without."""
    late = any(_lacking(held.job, image) for image in images.values())
    if not late:
        return images, False
    if not last_try and held.record.age_s("storing_ms") < PATIENCE_S:
        return images, True
    return {
        index: _without_renditions(held.job, image, "the storage did not take it")
        for index, image in images.items()
    }, False


def for_this_batch(
    jobs: Sequence[Job], reused: Sequence[JobResult], batch: str, tools: Tools
) -> list[JobResult]:
    """Results of an earlier batch with the renditions that this one wants, no more and no fewer.

    What was made then in the same way is pointed at, while it is there. Raises StorageError.
    """
    by_id = {job.id: job for job in jobs}

    def changed(result: JobResult) -> JobResult:
        job = by_id[result.id]
        images = [_for_this_batch(job, batch, image, tools) for image in result.images]
        return result.model_copy(update={"images": images})

    with ThreadPoolExecutor(RENDERERS, thread_name_prefix="renditions") as pool:
        return list(pool.map(changed, reused))


def _for_this_batch(job: Job, batch: str, image: Image, tools: Tools) -> Image:
    wanted = set(job.finishing.renditions)
    there = [
        one
        for one in image.renditions
        if one.spec in wanted
        and one.made_of == image.sha256
        and (one.sealed or not signs(tools.sealer, job, one.content_type))
        and _is_there(one, tools)
    ]
    bare = image.model_copy(update={"renditions": there, "unrendered": {}})
    return _with_renditions(job, batch, bare, tools)


def _is_there(rendition: Rendition, tools: Tools) -> bool:
    stored = tools.storage.head(rendition.key)
    return stored is not None and stored.size_bytes == rendition.size_bytes


def _with_renditions(
    job: Job, batch: str, image: Image, tools: Tools, file: bytes | None = None
) -> Image:
    """The picture with the renditions it lacks; it tells of those that cannot be made.

    Raises StorageError: then it may be called once more.
    """
    lacking = _lacking(job, image)
    if not lacking:
        return image
    made, why_not = list(image.renditions), dict(image.unrendered)
    try:
        file = tools.storage.get(image.key) if file is None else file
    except PASSING:
        raise
    except StorageError as error:
        return _without_renditions(job, image, str(error))
    for spec, found in zip(
        lacking, render(file, image.content_type, lacking).values(), strict=True
    ):
        if isinstance(found, Rendered):
            stored = _stored(job, batch, (file, image), (spec, found), tools)
        else:
            stored = found
        if isinstance(stored, Unrendered):
            extra = {"batch": batch, "job": job.id, "rendition": spec.text, "why": stored.why}
            log.warning("rendition.failed", extra=extra)
            why_not[spec.text] = stored.why
        else:
            made.append(stored)
    made.sort(key=lambda one: job.finishing.renditions.index(one.spec))
    return image.model_copy(update={"renditions": made, "unrendered": why_not})


def _without_renditions(job: Job, image: Image, why: str) -> Image:
    """The picture as it ends without those it lacks."""
    why_not = {**image.unrendered, **{spec.text: why for spec in _lacking(job, image)}}
    return image.model_copy(update={"unrendered": why_not})


def _lacking(job: Job, image: Image) -> list[RenditionSpec]:
    """In the order in which they are asked for; what came along with a picture has none."""
    if image.part:
        return []
    known = {one.spec for one in image.renditions} | image.unrendered.keys()
    return [RenditionSpec.parse(text) for text in job.finishing.renditions if text not in known]


def _stored(
    job: Job,
    batch: str,
    picture: tuple[bytes, Image],
    made: tuple[RenditionSpec, Rendered],
    tools: Tools,
) -> Rendition | Unrendered:
    (spec, found), image = made, picture[1]
    file = seal_rendition(found.file, spec, job, picture, tools.sealer)
    rendition = Rendition(
        name=spec.name,
        spec=spec.text,
        key=layout.rendition_key(batch, job.name, image.index, image.revision, spec.place),
        sha256=hashlib.sha256(file.data).hexdigest(),
        made_of=image.sha256,
        size_bytes=len(file.data),
        width=found.size.width,
        height=found.size.height,
        content_type=spec.form.content_type,
        not_filled=found.not_filled,
        unlabelled=found.unlabelled,
        sealed=file.sealed,
        unsealed=file.unsealed,
    )
    try:
        return keep(rendition, file.data, tools.storage, tools.sealer)
    except PASSING:
        raise
    except StorageError as error:
        return Unrendered(str(error))
