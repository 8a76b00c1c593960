"""A batch: all jobs made from one manifest, with counts, cost and a state."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from schemas.contract import Contract
from schemas.states import JobState


class Batch(Contract):
    """What was handed in: batch.json."""

    version: int = 1
    batch: str
    manifest: str = Field(description="the manifest's file name, without its path")
    manifest_sha256: str
    columns: list[str] = Field(description="the manifest's own columns, in order")
    total: int = Field(description="jobs")
    lanes: dict[str, int] = Field(description="jobs of each lane")
    currencies: dict[str, str] = Field(description="each lane's currency")
    created_at: str = Field(description="UTC, ISO 8601")
    invalid: int = Field(default=0, description="rows left out with --skip-invalid")
    simulated: bool = Field(default=False, description="ordered from the simulator")
    defaults: dict[str, Any] = Field(
        default_factory=dict, description="what the command line set for rows that say nothing"
    )


class ChunkRef(Contract):
    """Up to 500 jobs of one batch in one lane; the unit of loading and sealing."""

    batch: str
    number: int = Field(ge=1)
    size: int = Field(ge=1)

    def __str__(self) -> str:
        return f"{self.batch}/{self.number:05}/{self.size}"

    @classmethod
    def parse(cls, text: str) -> ChunkRef:
        """Read a reference as the ledger keeps it."""
        batch, number, size = text.rsplit("/", 2)
        return cls(batch=batch, number=int(number), size=int(size))


CHUNK_SIZE = 500
"""Jobs in a chunk: a chunk's jobs fit Redis and one message loads them."""


class LaneCounts(Contract):
    """One batch's figures in one lane."""

    lane: str
    states: dict[JobState, int]
    images: int = 0
    cost_micro: int = 0
    chunks: int = Field(default=0, description="chunks handed in")
    sealed: int = Field(default=0, description="chunks whose results are written")
    stopped: str | None = Field(default=None, description="why the lane takes no new jobs")
    trouble: str | None = Field(
        default=None, description="why the provider could not even be asked, within the last minute"
    )


class BatchStatus(Contract):
    """A batch as `imagemill status` shows it; the counts add up to `total`."""

    batch: str
    state: str
    total: int
    pending: int = 0
    released: int = 0
    submitting: int = 0
    running: int = 0
    storing: int = 0
    succeeded: int = 0
    partial: int = 0
    failed: int = 0
    cancelled: int = 0
    uncertain: int = 0
    images: int = 0
    reused: int = 0
    cost: str = Field(default="0.00", description="in `currency`; see `costs` where it is null")
    currency: str | None = Field(default=None, description="null when lanes bill in several")
    costs: dict[str, str] = Field(default_factory=dict, description="by currency; never mixed")
    started_at: str | None = None
    finished_at: str | None = None
    stopped: dict[str, str] = Field(default_factory=dict, description="stopped lanes and reasons")
    troubles: dict[str, str] = Field(
        default_factory=dict, description="lanes whose provider cannot be asked just now, and why"
    )

    @property
    def ended(self) -> int:
        """Jobs that reached a final state."""
        return self.succeeded + self.partial + self.failed + self.cancelled + self.uncertain

    @property
    def in_play(self) -> int:
        """Jobs somebody is acting on."""
        return self.released + self.submitting + self.running + self.storing
