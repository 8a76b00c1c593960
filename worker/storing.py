"""Putting a job's pictures where they belong: fetched, checked, stored, each with its sidecar."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from results.picture import NotAPicture
from schemas import layout
from schemas.failure import ErrorClass, Failure
from schemas.job import content_key
from schemas.result import Image, Sidecar
from schemas.states import JobState
from storage import StorageError
from worker.fetching import Fetched, FetchFailed
from worker.finishing import Finished, finish
from worker.held import HeldJob, count_images
from worker.keeping import keep
from worker.markers import leave_marker
from worker.outcomes import AskAgain, Drawn, Ended, StoreLater
from worker.policy.retrying import DownloadFault, backoff_s, download_again_s
from worker.providers.port import InlinePicture, Picture, RemotePicture
from worker.renditions import completed, patiently, rendered_or_not
from worker.tools import Tools

log = logging.getLogger(__name__)

DAMAGED_TRIES = 6
"""How often a picture that came damaged is fetched again: the host may have stumbled."""
RETENTION_S = 24 * 3600.0
"""How long an address works that does not say so (Model Studio: asynchronous tasks)."""
STORAGE_TRIES = 4
"""Where the backoff stands while our storage fails: tried again every 8 s on average."""


@dataclass(frozen=True)
class Missed:
    """A picture that could not be stored this time."""

    failure: Failure
    again: bool
    """Trying once more may help."""
    fresh: bool = False
    """Only a fresh address can help."""
    patient: bool = False
    """It is our storage that fails: tried again as long as the picture's address works."""


def store_pictures(
    held: HeldJob, drawn: Drawn, tools: Tools, *, last_try: bool = False
) -> Ended | StoreLater | AskAgain:
    """Store what the provider drew; what is stored already is kept."""
    images = {image.index: completed(held, image, tools) for image in held.images()}
    missed: list[Missed] = []
    # A picture comes before what came along with it, which lies beside it.
    for picture in sorted(drawn.pictures, key=lambda one: (one.index, one.part)):
        if _is_stored(picture, images) or (picture.part and picture.index not in images):
            continue
        stored = _store(held, drawn, picture, tools)
        if isinstance(stored, Missed):
            missed.append(stored)
        else:
            images[picture.index] = _with(stored, images.get(picture.index))
    images, late = patiently(held, images, last_try=last_try)
    kept = tuple(images.values())

    if any(miss.fresh for miss in missed) and held.ticket and not held.asked_again:
        return AskAgain(kept)
    if late or (not last_try and any(miss.patient for miss in missed)):
        return _when_storage_works(held, drawn, kept, tools)
    if not last_try and any(miss.again for miss in missed):
        delay_s = backoff_s(held.troubles + 1, tools.chance())
        return StoreLater(delay_s, held.troubles + 1, kept, drawn.failures)
    missing = tuple(miss.failure for miss in missed)
    ended = _ended(held, drawn, kept, missing, tools)
    try:
        leave_marker(held, ended.result, tools)
    except StorageError as error:
        if not last_try:
            return _when_storage_works(held, drawn, kept, tools)
        log.warning("marker.missing", extra={"job": held.claim.job, "why": str(error)})
    return ended


def _when_storage_works(
    held: HeldJob, drawn: Drawn, kept: tuple[Image, ...], tools: Tools
) -> StoreLater:
    """A storage that fails spends none of the tries a picture has."""
    delay_s = backoff_s(STORAGE_TRIES, tools.chance())
    return StoreLater(delay_s, held.troubles, kept, drawn.failures)


def _is_stored(picture: Picture, images: dict[int, Image]) -> bool:
    image = images.get(picture.index)
    if image is None or not picture.part:
        return image is not None
    return any(along.part == picture.part for along in image.beside)


def _with(stored: Image, image: Image | None) -> Image:
    """The picture, with what came along with it."""
    if image is None or not stored.part:
        return stored
    return image.model_copy(update={"beside": [*image.beside, stored]})


def _ended(
    held: HeldJob,
    drawn: Drawn,
    images: tuple[Image, ...],
    missed: tuple[Failure, ...],
    tools: Tools,
) -> Ended:
    failures = (*drawn.failures, *missed)
    wanted = held.job.n if held.model.draws else 0
    state = JobState.PARTIAL if images else JobState.FAILED
    if len(images) >= wanted and not (missed or (failures and not wanted)):
        state = JobState.SUCCEEDED
    elif len(images) + len(failures) < wanted:
        failures = (*failures, _fewer(wanted - len(images) - len(failures)))
    result = held.result(
        state,
        tools.clock.now(),
        images=images,
        failures=failures,
        charged=_charged(held, drawn),
    )
    # Of pictures that are stored at once nothing is in the record.
    rewritten = drawn.actual_prompt or result.actual_prompt
    told = {"facts": drawn.facts, "actual_prompt": rewritten}
    return Ended(result.model_copy(update=told))


def _charged(held: HeldJob, drawn: Drawn) -> int:
    if drawn.charged is not None:
        return drawn.charged
    # What draws nothing is paid for by the run.
    return count_images(drawn.pictures) if held.model.draws else int(not drawn.failures)


def _store(held: HeldJob, drawn: Drawn, picture: Picture, tools: Tools) -> Image | Missed:
    """Fetch, check, label and store one picture: the image first, the sidecar second."""
    data = _bytes(held, picture, tools)
    if isinstance(data, Missed):
        return data
    try:
        finished = finish(held, picture, data, tools)
    except NotAPicture as error:
        again = held.troubles < DAMAGED_TRIES and not isinstance(picture, InlinePicture)
        return Missed(_failure(picture, "not-a-picture", str(error)), again=again)
    try:
        image = keep(finished.image, finished.file, tools.storage, tools.sealer)
        if finished.small is not None:
            tools.storage.put(layout.thumbnail_key(image.key), finished.small, "image/jpeg")
        own = image.sha256 == finished.image.sha256  # otherwise another worker's lies there
        image = rendered_or_not(held, image, tools, finished.file if own else None)
        told = _sidecar(held, drawn, replace(finished, image=image), tools)
        sidecar = told.model_dump_json(indent=1).encode()
        tools.storage.put(layout.sidecar_key(image.key), sidecar, "application/json")
    except StorageError as error:
        return Missed(_failure(picture, "storage", str(error)), again=True, patient=True)
    return image


def _bytes(held: HeldJob, picture: Picture, tools: Tools) -> bytes | Missed:
    if isinstance(picture, InlinePicture):
        return picture.data
    match tools.providers.fetcher(held.lane).fetch(picture.url):
        case Fetched(data):
            return data
        case FetchFailed(kind, reason):
            left_s = _remaining_s(held, picture, tools)
            wait_s = download_again_s(kind, held.troubles + 1, left_s, tools.chance())
            again = wait_s is not None
            fresh = not again and kind in (DownloadFault.EXPIRED, DownloadFault.GONE)
            return Missed(_failure(picture, kind, reason), again=again, fresh=fresh)


def _remaining_s(held: HeldJob, picture: RemotePicture, tools: Tools) -> float:
    """How long the picture's address still works."""
    if picture.expires_at_s is None:
        return RETENTION_S - held.record.age_s("storing_ms")
    return picture.expires_at_s - tools.clock.now().timestamp()


def _sidecar(held: HeldJob, drawn: Drawn, finished: Finished, tools: Tools) -> Sidecar:
    return Sidecar(
        batch=held.claim.batch,
        job=held.job.id,
        image=finished.image,
        provider=held.lane.provider,
        model=held.lane.model,
        prompt=held.job.prompt,
        actual_prompt=drawn.actual_prompt or held.record.fields.get("actual_prompt"),
        negative_prompt=held.job.negative_prompt,
        parameters=held.order.parameters,
        ticket=held.ticket or None,
        content_key=content_key(held.job),
        label=held.job.finishing.label,
        vendor_sha256=finished.vendor_sha256,
        seal_broken=finished.seal_broken,
        created_at=tools.clock.now().isoformat(timespec="milliseconds"),
    )


def _failure(picture: Picture, code: str, message: str) -> Failure:
    return Failure(error_class=ErrorClass.DOWNLOAD, code=code, message=message, index=picture.index)


def _fewer(missing: int) -> Failure:
    return Failure(
        error_class=ErrorClass.LOST,
        code="fewer",
        message=f"the provider drew {missing} picture(s) fewer than were ordered",
    )
