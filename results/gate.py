"""The quality gate: what is wrong with a picture, by its facts, and by the batch it is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.likeness import Look, LookAlikes
from schemas.finishing import Gate
from schemas.flaw import Flaw, FlawKind
from schemas.model import Model
from schemas.parameter import Kind
from schemas.result import Image, JobResult
from schemas.size import Size

COMPARED = 100_000
"""Pictures of a batch that later ones are compared with: each takes about a kilobyte of memory."""


def asked_size(model: Model, parameters: Mapping[str, Any]) -> Size | None:
    """The size a row orders in pixels; None where it names none, or only a ratio or a class."""
    for name, parameter in model.parameters.items():
        if parameter.kind is Kind.SIZE and name in parameters:
            return Size.parse(str(parameters[name]))
    return None


def flaws_of(gate: Gate, image: Image, asked: Size | None, look: Look | None) -> list[Flaw]:
    """What is wrong with one picture by itself; `look` is None for what is never drawn."""
    found = []
    size = Size(image.width, image.height)
    if asked is not None and image.width and size != asked:
        found.append(Flaw(kind=FlawKind.SIZE, seen=f"{_written(size)} / {_written(asked)}"))
    if look is not None and look.blank:
        found.append(Flaw(kind=FlawKind.BLANK))
    seen = f"{image.size_bytes:,}"
    if image.size_bytes < gate.min_size_bytes:
        found.append(Flaw(kind=FlawKind.SMALL_FILE, seen=f"{seen} / {gate.min_size_bytes:,}"))
    if gate.max_size_bytes is not None and image.size_bytes > gate.max_size_bytes:
        found.append(Flaw(kind=FlawKind.LARGE_FILE, seen=f"{seen} / {gate.max_size_bytes:,}"))
    return found


def judged(gate: Gate, image: Image, asked: Size | None, look: Look | None) -> Image:
    """The picture with what is wrong with it, and how it looks."""
    flaws = flaws_of(gate, image, asked, look)
    return image.model_copy(update={"flaws": flaws, "look": look.hash if look else ""})


class BatchGate:
    """Marks what is alike within a batch, results one after the other, in the manifest's order."""

    def __init__(self, gate: Gate | None, compared: int = COMPARED) -> None:
        """None: nothing is looked at, and results come back as they are."""
        self._alikes = None if gate is None else LookAlikes(gate.alike_bits, compared)

    def marked(self, result: JobResult) -> JobResult:
        """The result, its pictures marked that are like an earlier one."""
        if self._alikes is None or not any(image.look for image in result.images):
            return result
        images = [self._marked(result, image) for image in result.images]
        return result.model_copy(update={"images": images})

    def _marked(self, result: JobResult, image: Image) -> Image:
        # Blank ones are all alike, and said to be blank.
        blank = any(flaw.kind is FlawKind.BLANK for flaw in image.flaws)
        if self._alikes is None or not image.look or blank:
            return image
        name = result.id if result.n == 1 else f"{result.id} / {image.index}"
        other = self._alikes.earlier(image.look, name)
        if other is None:
            return image
        flaw = Flaw(kind=FlawKind.ALIKE, seen=other)
        return image.model_copy(update={"flaws": [*image.flaws, flaw]})


def _written(size: Size) -> str:
    return f"{size.width} × {size.height}"
