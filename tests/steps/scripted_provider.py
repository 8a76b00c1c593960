"""A provider that answers as it is told, and well where it is told nothing."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable

from schemas.catalogue import Model
from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from worker.providers.port import (
    Accepted,
    Done,
    PollAnswer,
    RemotePicture,
    SubmitAnswer,
    TaskUnknown,
)

ORIGIN = "https://pictures.test"

ToSubmit = SubmitAnswer | Callable[[Job], SubmitAnswer]
ToPoll = PollAnswer | Callable[[str], PollAnswer]


class ScriptedProvider:
    """Gives the answers laid out for it, in order; then takes every order and draws all of it."""

    def __init__(self) -> None:
        self.to_submit: deque[ToSubmit] = deque()
        self.to_poll: deque[ToPoll] = deque()
        self.withheld: set[str] = set()
        """Prompts whose last picture is withheld."""
        self.ordered: list[Job] = []
        """Every order that came, whatever was answered."""
        self.accepted: dict[str, Job] = {}
        """The orders taken, by ticket."""
        self.polled: list[str] = []
        self.told: list[tuple[str, PollAnswer]] = []
        """What was answered to the questions, by ticket."""
        self.closed = False
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def submit(self, job: Job, model: Model) -> SubmitAnswer:  # noqa: ARG002 - it draws alike for all
        with self._lock:
            self.ordered.append(job)
            scripted = self.to_submit.popleft() if self.to_submit else self.take
        answer = scripted(job) if callable(scripted) else scripted
        if isinstance(answer, Accepted):
            self.accepted[answer.ticket] = job
        return answer

    def poll(self, ticket: str) -> PollAnswer:
        with self._lock:
            self.polled.append(ticket)
            scripted = self.to_poll.popleft() if self.to_poll else self.drawn
        answer = scripted(ticket) if callable(scripted) else scripted
        self.told.append((ticket, answer))
        return answer

    def close(self) -> None:
        self.closed = True

    def take(self, job: Job) -> Accepted:  # noqa: ARG002 - it takes every order
        return Accepted(f"task-{next(self._numbers)}")

    def drawn(self, ticket: str) -> PollAnswer:
        """What a good provider says of a task it took."""
        job = self.accepted.get(ticket)
        if job is None:
            return TaskUnknown()
        return done(ticket, job.n, job.n if job.prompt in self.withheld else None)


def done(ticket: str, n: int, withheld: int | None = None, took_s: float | None = 4.0) -> Done:
    """A finished task of `n` pictures, one of them withheld."""
    failures = () if withheld is None else (withheld_picture(withheld),)
    pictures = tuple(
        RemotePicture(index, f"{ORIGIN}/{ticket}/{index}.png?Signature=secret%2B")
        for index in range(1, n + 1)
        if index != withheld
    )
    return Done(pictures, failures, took_s=took_s)


def withheld_picture(index: int) -> Failure:
    return Failure(
        error_class=ErrorClass.MODERATED,
        code="DataInspectionFailed",
        message="the picture is withheld",
        index=index,
    )


def trouble(error_class: ErrorClass, code: str = "Oops") -> Failure:
    return Failure(error_class=error_class, code=code, message="a reason for people")
