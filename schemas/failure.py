"""Why something did not work: a closed set of classes and one document."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.contract import Contract


class ErrorClass(StrEnum):
    """What kind of failure it was, which decides what happens next."""

    INVALID = "invalid"
    """The provider refuses this row and always will."""
    MODERATED = "moderated"
    """The provider's content rules refuse the prompt or the picture."""
    THROTTLED = "throttled"
    """Too many requests; the lane slows down and nothing is lost."""
    TRANSIENT = "transient"
    """The provider or the network stumbled; trying again helps."""
    ACCOUNT = "account"
    """Key, arrears or quota; every row of the lane would fail."""
    MODEL_GONE = "model_gone"
    """The model is unknown or retired; every row of the lane would fail."""
    LOST = "lost"
    """The provider no longer knows the task."""
    TIMEOUT = "timeout"
    """The provider did not finish in time."""
    DOWNLOAD = "download"
    """The picture could not be fetched before its address expired, or is no picture."""
    AMBIGUOUS = "ambiguous"
    """The answer to a submit never came."""
    POISON = "poison"
    """Handed out again and again without any outcome."""
    CANCELLED = "cancelled"
    """Withdrawn."""


class Failure(Contract):
    """What went wrong, for programs (`error_class`, `code`) and for people (`message`)."""

    error_class: ErrorClass
    code: str = Field(description="the provider's own code, or ours where it gave none")
    message: str = Field(description="a sentence for a person; never a secret, never the prompt")
    index: int | None = Field(default=None, description="which of the job's images, from 1")
