"""How to reach an S3 server."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class S3Options:
    """What an s3:// address leaves open; None leaves it to boto3's own chain.

    `max_connections` is to be at least the number of threads. `attempts` counts tries of one
    request, the first included: one, as the queue tries again at a better moment; a program
    without a queue behind it may want more.
    """

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    max_connections: int = 64
    connect_timeout_s: float = 5
    read_timeout_s: float = 60
    attempts: int = 1
