"""Snapshots of a batch on its way."""

from __future__ import annotations

from typing import Any

from schemas.batch import BatchStatus


def status(**fields: Any) -> BatchStatus:
    given: dict[str, Any] = {"batch": "night", "state": "running", "total": 100, **fields}
    ended = sum(given.get(name, 0) for name in ("succeeded", "partial", "failed", "cancelled"))
    in_play = sum(given.get(name, 0) for name in ("released", "submitting", "running", "storing"))
    rest = given["total"] - ended - in_play - given.get("uncertain", 0)
    return BatchStatus(**{"pending": rest, **given})
