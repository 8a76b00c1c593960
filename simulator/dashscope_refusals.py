"""DashScope's refusals that several endpoints share, and the form every one of them has."""

from __future__ import annotations

from simulator.refusal import Refusal
from simulator.tasks import new_id

THROTTLED = (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
WRONG_URL = (400, "InvalidParameter", "url error, please check url!")
NO_MODEL = (404, "ModelNotFound", "Model can not be found.")
NOT_FOUND = (404, "NotFound", "Not found.")
NOT_PENDING = (
    400,
    "UnsupportedOperation",
    "Failed to cancel the task, please confirm if the task is in PENDING status.",
)


def document_of(refusal: Refusal) -> dict[str, str]:
    """A refusal as its JSON document: flat, without an output."""
    return {"code": refusal.code, "message": refusal.message, "request_id": new_id()}


def status_of(code: str) -> int:
    """The HTTP status of an error that a task would carry in its output."""
    family = code.partition(".")[0]
    return {"InternalError": 500, "SystemError": 500, "Throttling": 429}.get(family, 400)
