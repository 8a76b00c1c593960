"""A job: one row of a manifest, checked and ready to be ordered."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import Field

from schemas.account import SIMULATOR_ACCOUNT
from schemas.contract import Contract
from schemas.finishing import Finishing
from schemas.result import Image, JobResult

JOB_ID_LIMIT = 128
"""Characters an id may have: enough for any SKU, short enough for a file name."""


class Again(Contract):
    """What a job brings along when it is run again in a later round."""

    round: int = Field(ge=2, description="which: 1 is the manifest's own")
    kept: list[Image] = Field(default_factory=list, description="pictures stored in earlier rounds")
    replaced: list[Image] = Field(
        default_factory=list, description="pictures of earlier rounds that are drawn anew"
    )
    falls_back: bool = Field(
        default=False, description="what does not come anew stays as it was drawn before"
    )
    order: str = Field(default="", description="content key of the row as it was handed in")
    answers: bool = Field(
        default=False,
        description="a person wanted it anew: from now on that order gets what is drawn here",
    )
    attempts: int = Field(default=0, description="requests of earlier rounds")
    cost_micro: int = Field(default=0, description="what earlier rounds cost")
    possible_double_charges: int = Field(
        default=0, description="orders of earlier rounds that may have been paid for, for nothing"
    )


class Job(Contract):
    """One paid provider call for `n` images."""

    version: int = 1
    id: str = Field(description="the row's own id: SKU, custom_id")
    line: int = Field(description="line of the manifest where the row begins, from 1")
    lane: str = Field(description="provider:model@account")
    prompt: str
    negative_prompt: str | None = None
    n: int = Field(default=1, ge=1, description="images ordered; always sent where the model has n")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="the model's own parameters, in the provider's spelling"
    )
    name: str = Field(description="stem of the stored images' names, unique in the batch")
    row: dict[str, Any] = Field(
        default_factory=dict, description="the manifest's own columns, untouched and in order"
    )
    revision: int = Field(default=1, ge=1, description="one more with each `reroll` of the row")
    finishing: Finishing = Field(
        default=Finishing(), description="what is done with its pictures before they are stored"
    )
    again: Again | None = Field(default=None, description="set when it is run once more")
    spent: int = Field(
        default=0, description="requests through accounts it was taken away from, for nothing"
    )

    @property
    def round(self) -> int:
        """1, or the round that runs it again."""
        return self.again.round if self.again else 1

    @property
    def earlier(self) -> Again:
        """What it has from earlier rounds; nothing in the first."""
        return self.again or Again(round=2)

    def as_drawn(self, result: JobResult) -> Job:
        """The order that came to this result: of what an earlier batch drew anew, the last one."""
        if result.revision <= self.revision:
            return self
        drawn = {
            "revision": result.revision,
            "prompt": result.prompt,
            "parameters": result.parameters,
        }
        return self.model_copy(update=drawn)

    def request_json(self) -> str:
        """The job without its row: what the ledger keeps while the job is in motion."""
        return self.model_dump_json(exclude={"row"}, exclude_defaults=True)

    def document(self) -> bytes:
        """All of the job: its line in a chunk, UTF-8 without a line end."""
        # model_dump_json makes a string of these bytes, which would be encoded again.
        return self.__pydantic_serializer__.to_json(self, exclude_defaults=True)


def content_key(job: Job) -> str:
    """What makes two orders the same picture: id, provider, model and the canonical request."""
    provider_and_model, _, account = job.lane.rpartition("@")
    if account == SIMULATOR_ACCOUNT:  # what was drawn in a rehearsal is no picture
        provider_and_model = f"{SIMULATOR_ACCOUNT}/{provider_and_model}"
    request: list[Any] = [
        job.id, provider_and_model, job.prompt, job.negative_prompt, job.n, job.parameters
    ]  # fmt: skip
    if job.revision > 1:  # drawn anew it is another picture, though nothing else is new
        request.append(job.revision)
    canonical = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
