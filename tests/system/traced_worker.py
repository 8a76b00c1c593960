"""A worker process as where `imagemill[otel]` is installed; the others are as without it."""

from __future__ import annotations

import sys

from tests.cli import forked


def traced_worker() -> None:
    """What `imagemill worker` becomes there."""
    sys.modules.pop("opentelemetry", None)
    forked.worker()
