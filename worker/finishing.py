"""What is done with a picture's bytes before they are stored: looked at, labelled, judged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from results.gate import asked_size, judged
from results.likeness import Look, look_of
from results.picture import NotAPicture, PictureFacts, inspect, inspect_and_shrink, thumbnail
from schemas import layout
from schemas.result import Image
from worker.held import HeldJob
from worker.labelling import label, origin, seal
from worker.providers.port import Picture
from worker.tools import Tools


@dataclass(frozen=True)
class Finished:
    """A picture as it is stored."""

    image: Image
    file: bytes = field(repr=False)
    small: bytes | None = field(repr=False)
    """For the contact sheet, where one is wanted."""
    vendor_sha256: str
    """Of the bytes its provider delivered."""
    seal_broken: bool
    """Its C2PA manifest does not know of the labels."""


def finish(held: HeldJob, picture: Picture, data: bytes, tools: Tools) -> Finished:
    """Look at a picture, label it, and see what it is like. Raises NotAPicture.

    Without a gate it is decoded once; with one its small picture is made also where none is wanted,
    and looked at.
    """
    facts, small = _looked_at(data, picture, tools)
    vendor_sha256 = hashlib.sha256(data).hexdigest()
    image = _image(held, picture, facts, (vendor_sha256, len(data)))
    told = origin(held.job, image, held.ticket or None, vendor_sha256)
    file = label(data, image.content_type, held.job, told)
    file = seal(file, image.content_type, held.job, data, tools.sealer)
    if file.data is not data:
        written = {"sha256": hashlib.sha256(file.data).hexdigest(), "size_bytes": len(file.data)}
        image = image.model_copy(update=written)
    told_of = {"unlabelled": file.why_not, "sealed": file.sealed, "unsealed": file.unsealed}
    image = image.model_copy(update=told_of)
    return Finished(
        _judged(held, image, data, small), file.data, small, vendor_sha256, file.seal_broken
    )


def _looked_at(data: bytes, picture: Picture, tools: Tools) -> tuple[PictureFacts, bytes | None]:
    """Checked, and small for the contact sheet where one is wanted."""
    if tools.settings.worker.thumbnails and not picture.part:
        return inspect_and_shrink(data)
    return inspect(data), None


def _image(held: HeldJob, picture: Picture, facts: PictureFacts, written: tuple[str, int]) -> Image:
    """The picture as it came, under the name it is stored by."""
    sha256, size_bytes = written
    key = layout.image_key(
        held.claim.batch,
        held.job.name,
        picture.index,
        facts.extension,
        picture.part,
        held.job.revision,
    )
    return Image(
        key=key,
        index=picture.index,
        part=picture.part,
        sha256=sha256,
        size_bytes=size_bytes,
        width=facts.width,
        height=facts.height,
        content_type=facts.content_type,
        seed=None if picture.part else held.seed(picture.index),
        revision=held.job.revision,
    )


def _judged(held: HeldJob, image: Image, data: bytes, small: bytes | None) -> Image:
    """The picture with what the batch's gate finds wrong with it; what comes along passes."""
    gate = held.job.finishing.gate
    if gate is None or image.part:
        return image
    return judged(gate, image, asked_size(held.model, held.job.parameters), _look(data, small))


def _look(data: bytes, small: bytes | None) -> Look | None:
    """How it looks; None of what may not be drawn, or cannot be made small."""
    try:
        return look_of(small or thumbnail(data))
    except NotAPicture:
        return None
