"""How a job ended, and what is stored of it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from schemas.contract import Contract
from schemas.failure import Failure
from schemas.states import JobState


class Image(Contract):
    """One stored picture."""

    key: str = Field(description="where it lies, relative to the storage's root")
    index: int = Field(description="which of the job's images, from 1")
    part: str = Field(
        default="", description="of what came along with a picture: svg, overlay, background"
    )
    sha256: str
    size_bytes: int
    width: int = Field(description="pixels; 0, like the height, of an SVG that names no size")
    height: int = Field(description="pixels")
    content_type: str = Field(description="from the picture's own first bytes")
    seed: int | None = Field(default=None, description="the seed this picture was drawn with")
    beside: list[Image] = Field(
        default_factory=list, description="what came along with it; neither counted nor billed"
    )


class JobResult(Contract):
    """One job's ending: a line of results.jsonl."""

    version: int = 1
    id: str
    line: int
    state: JobState
    lane: str
    model: str
    n: int = Field(description="images ordered")
    images: list[Image] = Field(default_factory=list)
    failures: list[Failure] = Field(
        default_factory=list, description="of single images (with index), or of the whole job"
    )
    attempts: int = Field(description="requests that may have been paid for")
    cost_micro: int = Field(default=0, description="millionths of a currency unit")
    currency: str
    at_risk_micro: int = Field(
        default=0,
        description="what its last order costs if it was paid for although nothing of it is here",
    )
    possible_double_charges: int = Field(
        default=0, description="further orders of this row that may have been paid for, for nothing"
    )
    ticket: str | None = Field(default=None, description="the provider's task id")
    actual_prompt: str | None = Field(
        default=None, description="the prompt as the provider rewrote it, where it says so"
    )
    facts: dict[str, Any] = Field(
        default_factory=dict, description="what the provider told besides pictures, as it named it"
    )
    submitted_at: str | None = Field(default=None, description="UTC, ISO 8601")
    finished_at: str | None = Field(default=None, description="UTC, ISO 8601")
    prompt: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    row: dict[str, Any] = Field(default_factory=dict, description="the manifest's own columns")

    @property
    def maybe_paid(self) -> bool:
        """Whether its last order may have been paid for although no picture of it is here."""
        return self.at_risk_micro > 0


class Sidecar(Contract):
    """The JSON document beside an image that says how it came to be."""

    version: int = 1
    batch: str
    job: str
    image: Image
    provider: str
    model: str
    prompt: str
    actual_prompt: str | None = None
    negative_prompt: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    ticket: str | None = None
    content_key: str
    created_at: str = Field(description="UTC, ISO 8601")
