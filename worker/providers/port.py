"""What the story of a job asks of a provider, and the answers it may get.

An asynchronous provider accepts an order with a ticket, which is polled. A synchronous one answers
the order with the pictures themselves. Clients try once: one retry loop, in the queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from schemas.catalogue import Model
from schemas.failure import Failure
from schemas.job import Job


@dataclass(frozen=True)
class RemotePicture:
    """A picture to be downloaded, its address byte for byte as the provider signed it."""

    index: int
    url: str
    expires_at_s: float | None = None
    """When the address stops working, in seconds since 1970, where the address says so."""


@dataclass(frozen=True)
class InlinePicture:
    """A picture that came in the answer itself."""

    index: int
    data: bytes = field(repr=False)


Picture = RemotePicture | InlinePicture


@dataclass(frozen=True)
class Accepted:
    """The order was taken; the ticket is asked for later."""

    ticket: str


@dataclass(frozen=True)
class Done:
    """The order is finished: pictures, and failures of single pictures (with their index)."""

    pictures: tuple[Picture, ...]
    failures: tuple[Failure, ...] = ()
    actual_prompt: str | None = None
    took_s: float | None = None
    """From order to end on the provider's own clock, where it tells: what a lane learns from, since
    the moment of our look at it is always too late."""


@dataclass(frozen=True)
class Refused:
    """The provider answered with an error; nothing was ordered by this request.

    For a poll it says nothing about the task: the ticket stays.
    """

    failure: Failure
    retry_after_s: float | None = None
    """How long the provider asks us to wait, where it says so."""


@dataclass(frozen=True)
class NotSent:
    """Name lookup, connection or TLS failed before anything left: safe to send again."""

    reason: str


@dataclass(frozen=True)
class Unanswered:
    """The request left and its answer never came, or made no sense: it may have been paid for."""

    reason: str


@dataclass(frozen=True)
class StillRunning:
    """The task is waiting at the provider (`queued`) or being drawn."""

    queued: bool


@dataclass(frozen=True)
class TaskFailed:
    """The task ended without any picture."""

    failure: Failure


@dataclass(frozen=True)
class TaskUnknown:
    """The provider knows no such task: expired, or another account's or region's."""


SubmitAnswer = Accepted | Done | Refused | NotSent | Unanswered
PollAnswer = StillRunning | Done | TaskFailed | TaskUnknown | Refused | NotSent | Unanswered


class Provider(Protocol):
    """One provider through one account; used by many threads at once."""

    def submit(self, job: Job, model: Model) -> SubmitAnswer:
        """Order a job's pictures, once. Never raises for what the network or the provider does."""
        ...

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a task is. Never raises for what the network or the provider does."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
