"""How a job ended, and what is stored of it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from schemas.contract import Contract
from schemas.failure import Failure
from schemas.finishing import Label
from schemas.flaw import Flaw
from schemas.layout import batch_of
from schemas.states import JobState


class Rendition(Contract):
    """A further file made of a stored picture: smaller, on white, or of another form."""

    name: str = Field(description="its folder's")
    spec: str = Field(description="how it was asked for, such as square-1600.jpg")
    key: str = Field(description="where it lies, relative to the storage's root")
    sha256: str
    made_of: str = Field(description="SHA-256 of the picture's file it was made of")
    size_bytes: int
    width: int = Field(description="pixels")
    height: int = Field(description="pixels")
    content_type: str
    not_filled: bool = Field(
        default=False, description="white is all around: the picture is smaller, and not enlarged"
    )
    unlabelled: str = Field(
        default="", description="why its file lacks labels that the picture's has"
    )
    sealed: bool = Field(default=False, description="its file is signed by us (C2PA)")
    unsealed: str = Field(default="", description="why its file is not signed though it should be")


class Image(Contract):
    """One stored picture."""

    key: str = Field(description="where it lies, relative to the storage's root")
    index: int = Field(description="which of the job's images, from 1")
    part: str = Field(
        default="", description="of what came along with a picture: svg, overlay, background"
    )
    sha256: str = Field(description="of the stored file, its labels included")
    size_bytes: int
    width: int = Field(description="pixels; 0, like the height, of an SVG that names no size")
    height: int = Field(description="pixels")
    content_type: str = Field(description="from the picture's own first bytes")
    seed: int | None = Field(default=None, description="the seed this picture was drawn with")
    revision: int = Field(default=1, description="of the row when this was drawn: see Job")
    beside: list[Image] = Field(
        default_factory=list, description="what came along with it; neither counted nor billed"
    )
    renditions: list[Rendition] = Field(
        default_factory=list, description="what else was made of it"
    )
    unrendered: dict[str, str] = Field(
        default_factory=dict, description="why a rendition was not made, by how it was asked for"
    )
    unlabelled: str = Field(
        default="", description="why its file lacks the labels that were asked for"
    )
    sealed: bool = Field(default=False, description="its file is signed by us (C2PA)")
    unsealed: str = Field(default="", description="why its file is not signed though it should be")
    flaws: list[Flaw] = Field(default_factory=list, description="what the quality gate found")
    look: str = Field(
        default="", description="perceptual hash, hexadecimal, where the gate looked at it"
    )
    copied_from: str = Field(
        default="",
        description="the batch that drew it, where this file is that one's with other labels",
    )

    @property
    def drawn_in(self) -> str:
        """The batch that drew it, in whichever batch's folder the file lies."""
        return self.copied_from or batch_of(self.key)


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
    reused_from: str | None = Field(
        default=None,
        description="the batch in which its pictures were drawn, where that is another",
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
    revision: int = Field(default=1, description="1, and one more with each reroll of the row")
    replaced: list[Image] = Field(
        default_factory=list, description="pictures that rerolls took the place of; still stored"
    )

    unapproved: list[int] = Field(
        default_factory=list,
        description="which of its stored pictures are left out, where only approved ones are wanted",
    )

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
    label: Label = Field(default=Label.NONE, description="the marks that were asked for")
    vendor_sha256: str = Field(
        default="", description="of the picture as the provider delivered it, before any label"
    )
    seal_broken: bool = Field(
        default=False,
        description="it has the provider's C2PA manifest still, which does not know of the labels",
    )
    created_at: str = Field(description="UTC, ISO 8601")
