"""The first orders of a manifest, as they would leave: to be looked at before anything is paid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from producer.problem import printable
from results.cell import cell_text
from schemas.contract import Contract
from schemas.job import Job
from schemas.layout import image_stem

MOST_PREVIEWED = 100
_INDENT = "    "


class Preview(Contract):
    """One order, as `validate --preview --json` prints it."""

    id: str
    line: int
    lane: str
    prompt: str
    negative_prompt: str | None
    n: int = Field(description="pictures")
    parameters: dict[str, Any]
    images: list[str] = Field(description="names of the pictures, whose ending their bytes decide")


def previews(jobs: Iterable[Job]) -> list[Preview]:
    """What to show of each job."""
    return [
        Preview(
            id=job.id,
            line=job.line,
            lane=job.lane,
            prompt=job.prompt,
            negative_prompt=job.negative_prompt,
            n=job.n,
            parameters=job.parameters,
            images=[
                image_stem(job.name, index, revision=job.revision) for index in range(1, job.n + 1)
            ],
        )
        for job in jobs
    ]


def render_previews(found: Iterable[Preview]) -> str:
    """A paragraph for each order."""
    return "\n".join(map(_paragraph, found))


def _paragraph(preview: Preview) -> str:
    said = [("prompt", preview.prompt)]
    if preview.negative_prompt:
        said.append(("negative", preview.negative_prompt))
    for name, value in preview.parameters.items():
        said.append((name, cell_text(value)))
    said.append(("images", ", ".join(f"{name}.*" for name in preview.images)))
    lines = [f"line {preview.line}: {printable(preview.id)}, {preview.lane}"]
    lines += [f"{_INDENT}{name + ':':<10} {printable(value)}" for name, value in said]
    return "\n".join(lines)
