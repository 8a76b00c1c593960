"""What a picture's file says of itself: put together from its order, and written into it."""

from __future__ import annotations

import logging
from typing import NamedTuple

from results.labels.marks import Origin, marks
from results.labels.packet import Unlabelled
from results.labels.sealing import SEALED_TYPES, CannotSeal, Parent, Sealer
from results.labels.seals import is_sealed
from results.labels.writing import labelled
from schemas.account import SIMULATOR_ACCOUNT
from schemas.finishing import Label
from schemas.job import Job
from schemas.lane import Lane
from schemas.rendition import RenditionSpec
from schemas.result import Image

log = logging.getLogger(__name__)

SIMULATOR = "imagemill-simulator"
"""Who answers for a rehearsal's pictures."""
_ENCODED_ANEW, _PUT_ON_WHITE = "c2pa.transcoded", "c2pa.edited"
"""What C2PA calls it: the first may be of another size and form, and shows the same."""


class File(NamedTuple):
    """A picture's file as it is stored."""

    data: bytes
    """The very bytes that were given, where nothing was written into them."""
    seal_broken: bool = False
    """Its C2PA manifest does not know of the labels."""
    why_not: str = ""
    """Why it lacks the labels that were asked for."""
    sealed: bool = False
    """It is signed by us."""
    unsealed: str = ""
    """Why it is not, where it should be."""


def label(data: bytes, content_type: str, job: Job, origin: Origin) -> File:
    """The file as its batch wants it labelled; one that cannot be labelled stays as it is."""
    finishing = job.finishing
    if finishing.label is Label.NONE:
        return File(data)
    wanted = marks(finishing.label, origin, parameters=finishing.parameters)
    try:
        return File(*labelled(data, content_type, wanted))
    except Unlabelled as error:
        log.warning("picture.unlabelled", extra={"job": job.id, "why": str(error)})
        return File(data, why_not=str(error))


def seal(file: File, content_type: str, job: Job, delivered: bytes, sealer: Sealer | None) -> File:
    """The file signed, where files are; a manifest it was `delivered` with is kept in the new one.

    A batch that wants no labels gets its files as they came, so none of them is signed.
    """
    parent = Parent(delivered, content_type) if is_sealed(delivered, content_type) else None
    return _sealed(file, content_type, job, parent, sealer)


def seal_rendition(
    file: bytes, spec: RenditionSpec, job: Job, picture: tuple[bytes, Image], sealer: Sealer | None
) -> File:
    """A rendition's file signed, where files are; the manifest of its `picture` is kept in it.

    The picture is its stored file, and what is known of it.
    """
    data, image = picture
    parent = None
    if image.sealed:
        action = _PUT_ON_WHITE if spec.has_margins else _ENCODED_ANEW
        parent = Parent(data, image.content_type, "picture", action)
    return _sealed(File(file), spec.form.content_type, job, parent, sealer)


def signs(sealer: Sealer | None, job: Job, content_type: str) -> bool:
    """Whether such a file is to be signed; a batch without labels has none that are."""
    return (
        sealer is not None
        and job.finishing.label is not Label.NONE
        and content_type in SEALED_TYPES
    )


def _sealed(
    file: File, content_type: str, job: Job, parent: Parent | None, sealer: Sealer | None
) -> File:
    if sealer is None or not signs(sealer, job, content_type):
        return file
    lane = Lane.parse(job.lane)
    agent = f"{lane.model} ({lane.provider})" if job.finishing.parameters else None
    try:
        data = sealer.seal(file.data, content_type, agent=agent, parent=parent)
    except CannotSeal as error:
        log.warning("picture.unsealed", extra={"job": job.id, "why": str(error)})
        return file._replace(unsealed=str(error))
    return file._replace(data=data, sealed=True, seal_broken=False)


def origin(job: Job, image: Image, ticket: str | None, vendor_sha256: str) -> Origin:
    """How a picture came to be; a ticket finds it at its provider, else the bytes as they came do."""
    lane = Lane.parse(job.lane)
    simulated = lane.account == SIMULATOR_ACCOUNT
    part = f"-{image.part}" if image.part else ""
    return Origin(
        producer=SIMULATOR if simulated else job.finishing.producer or lane.provider,
        number=f"{ticket}-{image.index:02}{part}" if ticket else vendor_sha256,
        provider=lane.provider,
        model=lane.model,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        seed=image.seed,
        width=image.width,
        height=image.height,
        ticket=ticket,
    )
