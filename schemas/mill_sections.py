"""What imagemill.toml says of lanes and of worker processes."""

from __future__ import annotations

from pydantic import Field, field_validator

from schemas.account import Section
from schemas.lane import parse_rate


class LaneSection(Section):
    """What imagemill.toml says of a lane; what it leaves out comes from the catalogue."""

    rate: str | None = Field(
        default=None, description="orders per second or minute", examples=["2/s"]
    )
    burst: int | None = Field(
        default=None, ge=1, description="orders that may leave at one moment", examples=[1]
    )
    window: int | None = Field(
        default=None,
        ge=1,
        description="orders at the provider at once: its running limit and a little slack",
        examples=[3],
    )
    on_uncertain: str | None = Field(
        default=None,
        pattern="^(hold|resubmit)$",
        description="what becomes of an order that may have been paid for: hold leaves it to you,"
        " resubmit orders again",
        examples=["hold"],
    )

    @field_validator("rate")
    @classmethod
    def _is_a_rate(cls, text: str | None) -> str | None:
        if text is not None:
            parse_rate(text)
        return text


class WorkerSection(Section):
    """How a worker process works."""

    concurrency: int = Field(default=32, ge=1, le=512, description="threads of a process")
    lease_s: float = Field(default=25.0, gt=0, description="a killed worker's jobs move after this")
    thumbnails: bool = Field(default=True, description="make the contact sheet's small pictures")
