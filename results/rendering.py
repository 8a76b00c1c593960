"""Makes renditions of a picture: decoded once, encoded as often as is asked for.

The same picture and the same words give the same bytes, as long as Pillow is the same: encoders run
in one thread, and nothing of the moment is written.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageCms

from results.labels.carried import Carried, carried, fitting
from results.orientation import orientation
from results.picture import FAULTS, NotAPicture, decoded, on_white, plain
from results.placement import placement
from results.svg import SVG_TYPE
from schemas.rendition import Form, RenditionSpec
from schemas.size import Size

_AT_ONCE = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Pictures made at once by one process: its threads are many more than its processor has room for,
and each would hold a large picture."""
_ENCODERS: dict[Form, dict[str, Any]] = {
    # Colours as fine as the rest: thin coloured lines, as letters have, would blur else.
    Form.JPEG: {"format": "JPEG", "subsampling": 0, "optimize": True, "progressive": True},
    Form.WEBP: {"format": "WEBP", "method": 4},
    # With several threads it takes the others' processors, and may write other bytes.
    Form.AVIF: {"format": "AVIF", "speed": 6, "max_threads": 1},
}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What each of Exif's orientations wants done (Exif 2.32, 4.6.4 A)."""
_COLOUR_FAULTS = (*FAULTS, ImageCms.PyCMSError)


@dataclass(frozen=True)
class Rendered:
    """A file made of a picture."""

    file: bytes = field(repr=False)
    size: Size
    """Pixels."""
    not_filled: bool
    """White is all around the picture, which is smaller than was asked for."""
    unlabelled: str = ""
    """Why labels that the picture's file has are not in it."""


@dataclass(frozen=True)
class Unrendered:
    """A file that could not be made, and why."""

    why: str


def render(
    file: bytes, content_type: str, specs: Sequence[RenditionSpec]
) -> dict[str, Rendered | Unrendered]:
    """Make every rendition of a stored picture, by how each is asked for.

    Labels, and what else its metadata say, go along. Colours become sRGB.
    """
    if content_type == SVG_TYPE:
        return _none_of(specs, "an SVG may hold scripts, and is not drawn")
    with _AT_ONCE:
        try:
            with decoded(file) as image:
                told = carried(file, content_type, image.info)
                upright, told = _upright(image, told)
                drawn = plain(_in_srgb(upright, image.info.get("icc_profile")))
                return {spec.text: _made(drawn, spec, told) for spec in specs}
        except NotAPicture as error:
            return _none_of(specs, str(error))
        except FAULTS as error:
            return _none_of(specs, f"it cannot be drawn: {error}")


def _none_of(specs: Sequence[RenditionSpec], why: str) -> dict[str, Rendered | Unrendered]:
    return {spec.text: Unrendered(why) for spec in specs}


def _made(image: Image.Image, spec: RenditionSpec, told: Carried) -> Rendered | Unrendered:
    try:
        return _encoded(image, spec, fitting(told, jpeg=spec.form is Form.JPEG))
    except FAULTS as error:
        return Unrendered(f"it cannot be written as {spec.form}: {error}")


def _encoded(image: Image.Image, spec: RenditionSpec, told: Carried) -> Rendered:
    place = placement(Size(*image.size), spec)
    drawn = image
    if place.drawn != image.size:
        drawn = drawn.resize(place.drawn, Image.Resampling.LANCZOS)
    drawn = (on_white(drawn) if spec.on_white else drawn).convert(_mode(drawn, spec))
    if place.canvas != place.drawn:
        page = Image.new("RGB", place.canvas, "white")
        page.paste(drawn, (place.left, place.top))
        drawn = page
    drawn.info = {}  # what the encoders would write unasked
    options = {**_ENCODERS[spec.form], "quality": spec.quality}
    metadata = {"xmp": told.packet, "exif": told.exif}
    options |= {name: data for name, data in metadata.items() if data}
    out = io.BytesIO()
    drawn.save(out, **options)
    return Rendered(out.getvalue(), place.canvas, place.not_filled, told.unlabelled)


def _mode(image: Image.Image, spec: RenditionSpec) -> str:
    return "RGBA" if image.mode == "RGBA" and not spec.on_white else "RGB"


def _upright(image: Image.Image, told: Carried) -> tuple[Image.Image, Carried]:
    """The picture as viewers turn it, and Exif that says so no more."""
    if told.exif is None:
        return image, told
    try:
        said = orientation(told.exif)
    except ValueError:
        return image, told._replace(exif=None)
    turn = _TURNS.get(said.value)
    return (image if turn is None else image.transpose(turn)), told._replace(exif=said.upright)


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """In the colours that a file without a profile has; a profile nobody can read is ignored."""
    if not isinstance(profile, bytes):
        return image
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        source = _in_space(image, found.profile.xcolor_space.strip())
        if source is None or "sRGB" in ImageCms.getProfileDescription(found):
            return image
        converted = ImageCms.profileToProfile(
            source,
            found,
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            "RGBA" if source.mode == "RGBA" else "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except _COLOUR_FAULTS:
        return image
    return image if converted is None else converted


def _in_space(image: Image.Image, space: str) -> Image.Image | None:
    """The picture in the channels its profile is about; None where it has others."""
    if space == "RGB" and image.mode != "CMYK":
        found = plain(image)
        return found if found.mode in ("RGB", "RGBA") else found.convert("RGB")
    fits = (space, image.mode) in (("CMYK", "CMYK"), ("GRAY", "L"))
    return image if fits else None
