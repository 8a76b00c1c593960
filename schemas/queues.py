"""Names that producer, worker and Flower agree on: Celery queues and tasks."""

from __future__ import annotations

SUBMIT = "submit"
GENERATE = "generate"
POLL = "poll"
STORE = "store"
CHORES = "chores"
INGEST = "ingest"
"""Manifests that other programs hand over by a message; see schemas/intake.py."""

STEP_QUEUES = (SUBMIT, GENERATE, POLL, STORE)
QUEUES = (*STEP_QUEUES, CHORES, INGEST)

UNROUTABLE = "unroutable"
"""Where the transport puts a message whose queue has vanished, instead of dropping it."""

APP = "imagemill"


def step_task(step: str) -> str:
    """The Celery task of one step or chore."""
    return f"{APP}.{step}"
