"""What the story of a job asks of a provider, and the answers it may get.

An asynchronous provider accepts an order with a ticket, which is polled. A synchronous one answers
the order with the pictures themselves. Clients try once: one retry loop, in the queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.failure import Failure
from schemas.job import Job
from schemas.model import Model


@dataclass(frozen=True)
class RemotePicture:
    """A picture to be downloaded, its address byte for byte as the provider signed it."""

    index: int
    url: str
    expires_at_s: float | None = None
    """When the address stops working, in seconds since 1970, where the address says so."""
    part: str = ""
    """What comes along with picture `index`: svg, overlay, background; empty: the picture itself."""


@dataclass(frozen=True)
class InlinePicture:
    """A picture that came in the answer itself."""

    index: int
    data: bytes = field(repr=False)
    part: str = ""


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
    """The prompt as the provider rewrote it, where it did."""
    prompt_echo: str | None = None
    """Our prompt as the provider repeats it, where it does (Model Studio: orig_prompt of the wan
    models; wanx-v1 repeats none)."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the provider told besides pictures, under its own names: whether there are faces, the
    name of a trained resource, what a further order needs."""
    charged: int | None = None
    """Images billed, where that is not the number of pictures: a censored one may be."""
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
    """Nothing of the request left: name lookup, connection or TLS failed, or the sender withheld it.
    Safe to send again."""

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


@dataclass(frozen=True)
class ListedTask:
    """A task in the provider's own list."""

    ticket: str
    created_s: float
    """On the provider's clock, in seconds since 1970."""
    ended: bool = False
    """Whether it is shown as ended, well or not; the list may be some seconds behind."""


@dataclass(frozen=True)
class TaskPage:
    """One page of the provider's list, known to be whole."""

    tasks: tuple[ListedTask, ...]
    pages: int
    """How many pages there are in all; 0: no task fits."""
    provider_now_s: float | None
    """The provider's clock when it answered, in whole seconds since 1970, where it tells."""


@dataclass(frozen=True)
class NoTaskList:
    """This provider keeps no list."""


@dataclass(frozen=True)
class Withdrawn:
    """The task was still waiting and is cancelled: it will cost nothing."""


@dataclass(frozen=True)
class TooLate:
    """The task does not wait any more: it is being drawn, has ended, or is unknown."""


SubmitAnswer = Accepted | Done | Refused | NotSent | Unanswered
PollAnswer = StillRunning | Done | TaskFailed | TaskUnknown | Refused | NotSent | Unanswered
TaskListAnswer = TaskPage | NoTaskList | Refused | NotSent | Unanswered
CancelAnswer = Withdrawn | TooLate | Refused | NotSent | Unanswered


def always() -> bool:
    """Send, however late it is."""
    return True


class SharedToken(Protocol):
    """An access token that all workers of a fleet order with; one of them fetches it."""

    def current(self) -> str | None:
        """The token in use; None: there is none yet, or it has run out."""
        ...

    def may_fetch(self, stale: str | None) -> bool:
        """Whether the caller is the one to fetch a token in place of `stale`; for some seconds
        nobody else is. False too where a newer one than `stale` is in use already."""
        ...

    def renew(self, token: str, lifetime_s: float) -> None:
        """All workers order with this token from now on, until its lifetime ends."""
        ...

    def give_up(self) -> None:
        """The fetching failed: another one may try at once."""
        ...


class Provider(Protocol):
    """One provider through one account; used by many threads at once."""

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Order a job's pictures, once. Never raises for what the network or the provider does.

        Pictures among the job's parameters are addresses the provider can fetch, or data URIs.
        `may_send` is asked when nothing but the request itself is missing (a proxy's tunnel asks it
        once more, earlier). Where it says no, nothing leaves and the answer is NotSent.
        """
        ...

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a task is. Never raises for what the network or the provider does."""
        ...

    def list_tasks(
        self, model: Model, start_s: float, end_s: float, page: int, *, running_only: bool = False
    ) -> TaskListAnswer:
        """All tasks of a model created from `start_s` to `end_s`, whoever ordered them.

        `running_only` leaves out those that wait and those that have ended.

        The span is in seconds since 1970, widened to whole seconds and read by the provider on its
        own clock; pages count from 1. A page that is not whole is Unanswered, never a shorter list:
        that a task is missing is taken for a proof. Never raises for what network or provider do.
        """
        ...

    def cancel(self, ticket: str) -> CancelAnswer:
        """Withdraw a task that still waits. Never raises for what network or provider do.

        After Unanswered it may be withdrawn or not; asking again then says TooLate either way.
        """
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
