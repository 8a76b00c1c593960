"""A marker: says that an order was drawn, so that the very same one is not ordered again."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from schemas.contract import Contract
from schemas.finishing import Finishing
from schemas.job import Job
from schemas.result import Image, JobResult


class MadeBatch(NamedTuple):
    """A batch, told apart from one that had the same name and is forgotten."""

    name: str
    made_at: str | None
    """UTC, ISO 8601; None where that is not known."""


class Marker(Contract):
    """The JSON document in storage under the order's content key."""

    version: int = 1
    batch: str = Field(description="in which it was drawn")
    finishing: Finishing = Field(
        default=Finishing(), description="how the files that it names are labelled"
    )
    result: JobResult = Field(description="how it ended there, without the manifest's own columns")

    def is_of(self, batch: MadeBatch) -> bool:
        """Whether this very batch drew it."""
        drawn_at = self.result.finished_at
        if self.batch != batch.name or batch.made_at is None or drawn_at is None:
            return self.batch == batch.name
        # To the second, as text: both are UTC, and what somebody else wrote there breaks nothing.
        return drawn_at[:19] >= batch.made_at[:19]

    def pictures_for(self, job: Job) -> list[Image]:
        """The pictures that the job need not order; none where one of those it lacks is missing.

        They are of the job's own revision: what a row kept of an earlier one may be another elsewhere.
        Where a person had the row drawn anew, all it came to counts.
        """
        anew = self.result.revision > job.revision
        drawn = {
            image.index: image
            for image in self.result.images
            if anew or image.revision == job.revision
        }
        kept = {image.index for image in job.earlier.kept}
        lacking = [index for index in range(1, job.n + 1) if index not in kept]
        if any(index not in drawn for index in lacking):
            return []
        return [image for index, image in drawn.items() if index not in kept]
