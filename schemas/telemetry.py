"""What a process tells of itself: metrics that are fetched, traces that are sent."""

from __future__ import annotations

from pydantic import Field, field_validator

from schemas.account import Section


class MetricsSection(Section):
    """Where Prometheus reads a process' metrics; there is no such place unless a port is named."""

    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="each process takes one of its own; 0: a free one",
        examples=[9464],
    )
    beat_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="the beat's, which may share a machine and its settings with a worker",
        examples=[9466],
    )
    listen: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="the address; whoever reaches it may read, so none that strangers reach",
    )


class TracesSection(Section):
    """Where OpenTelemetry spans go; needs `pip install 'imagemill[otel]'`."""

    endpoint: str | None = Field(
        default=None,
        description="OTLP over HTTP; no traces where nothing is said",
        examples=["http://127.0.0.1:4318/v1/traces"],
    )
    sample: float = Field(default=1.0, gt=0, le=1, description="share of the jobs that are traced")

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise ValueError("write http://host:4318/v1/traces")
        return endpoint
