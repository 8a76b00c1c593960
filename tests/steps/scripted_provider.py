"""A provider that answers as it is told, and well where it is told nothing."""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from schemas.clock import SystemClock
from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.providers.port import (
    Accepted,
    CancelAnswer,
    Done,
    ListedTask,
    NotSent,
    PollAnswer,
    RemotePicture,
    StillRunning,
    SubmitAnswer,
    TaskFailed,
    TaskListAnswer,
    TaskPage,
    TaskUnknown,
    TooLate,
    Unanswered,
    Withdrawn,
    always,
)

ORIGIN = "https://pictures.test"

ToSubmit = SubmitAnswer | Callable[[Job], SubmitAnswer]
ToPoll = PollAnswer | Callable[[str], PollAnswer]
ToList = TaskListAnswer | Callable[[TaskListAnswer], TaskListAnswer]
"""An answer, or what becomes of the one a good provider would give."""
ToCancel = CancelAnswer | Callable[[str], CancelAnswer]
PAGE_SIZE = 100


class ScriptedProvider:
    """Gives the answers laid out for it, in order; then takes every order and draws all of it."""

    def __init__(self) -> None:
        self.to_submit: deque[ToSubmit] = deque()
        self.to_poll: deque[ToPoll] = deque()
        self.to_list: deque[ToList] = deque()
        self.to_cancel: deque[ToCancel] = deque()
        self.withheld: set[str] = set()
        """Prompts whose last picture is withheld."""
        self.ordered: list[Job] = []
        """Every order that came, whatever was answered."""
        self.accepted: dict[str, Job] = {}
        """The orders taken, by ticket."""
        self.listed: dict[str, float] = {}
        """When each was created, on the provider's clock."""
        self.waiting: set[str] = set()
        """Tickets of tasks that wait to be drawn, until they are taken out or withdrawn."""
        self.busy = False
        """Whether new tasks have to wait."""
        self.drawing: set[str] = set()
        """Tickets of tasks that are being drawn, until they are taken out."""
        self.withdrawn: set[str] = set()
        self.echoes = False
        """Whether finished tasks repeat their prompt."""
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens before it looks whether an order may still be sent."""
        self.now_s: Callable[[], float] = lambda: SystemClock().now().timestamp()
        """The provider's clock."""
        self.asked_lists: list[tuple[str, float, float, int]] = []
        """The questions for a list: model, from, until, page."""
        self.asked_cancels: list[str] = []
        self.polled: list[str] = []
        self.told: list[tuple[str, PollAnswer]] = []
        """What was answered to the questions, by ticket."""
        self.closed = False
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def submit(
        self,
        job: Job,
        model: Model,  # noqa: ARG002 - it draws alike for all
        *,
        may_send: Callable[[], bool] = always,
    ) -> SubmitAnswer:
        self.meanwhile()
        if not may_send():
            return NotSent("held up, so it was not sent")
        with self._lock:
            self.ordered.append(job)
            scripted = self.to_submit.popleft() if self.to_submit else self.take
        answer = scripted(job) if callable(scripted) else scripted
        if isinstance(answer, Accepted):
            self.take_in(job, answer.ticket)
        return answer

    def poll(self, ticket: str) -> PollAnswer:
        with self._lock:
            self.polled.append(ticket)
            scripted = self.to_poll.popleft() if self.to_poll else self.drawn
        answer = scripted(ticket) if callable(scripted) else scripted
        self.told.append((ticket, answer))
        return answer

    def list_tasks(
        self, model: Model, start_s: float, end_s: float, page: int, *, running_only: bool = False
    ) -> TaskListAnswer:
        with self._lock:
            self.asked_lists.append((model.name, start_s, end_s, page))
            scripted = self.to_list.popleft() if self.to_list else None
            found = [
                ListedTask(ticket, created_s, ticket not in self.waiting | self.drawing)
                for ticket, created_s in reversed(self.listed.items())
                # Asked in whole seconds, as the real one is.
                if math.floor(start_s) <= created_s < math.ceil(end_s) + 1
                and f":{model.name}@" in self.accepted[ticket].lane
                and (ticket in self.drawing or not running_only)
            ]
        shown = tuple(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
        answer = TaskPage(shown, -(-len(found) // PAGE_SIZE), float(math.floor(self.now_s())))
        if scripted is None:
            return answer
        return scripted(answer) if callable(scripted) else scripted

    def cancel(self, ticket: str) -> CancelAnswer:
        with self._lock:
            self.asked_cancels.append(ticket)
            scripted = self.to_cancel.popleft() if self.to_cancel else self.withdraw
        return scripted(ticket) if callable(scripted) else scripted

    def close(self) -> None:
        self.closed = True

    def take(self, job: Job) -> Accepted:  # noqa: ARG002 - it takes every order
        return Accepted(f"task-{next(self._numbers)}")

    def take_and_say_nothing(self, job: Job) -> Unanswered:
        """The order arrives, its answer does not."""
        self.take_in(job)
        return Unanswered("the line dropped")

    def take_in(self, job: Job, ticket: str = "") -> str:
        """An order arrives, ours or a stranger's; its ticket."""
        with self._lock:
            ticket = ticket or f"task-{next(self._numbers)}"
            self.accepted[ticket] = job
            self.listed.setdefault(ticket, self.now_s())
            if self.busy:
                self.waiting.add(ticket)
        return ticket

    def withdraw(self, ticket: str) -> CancelAnswer:
        """What a good provider says when asked to cancel."""
        if ticket not in self.waiting:
            return TooLate()
        self.waiting.remove(ticket)
        self.withdrawn.add(ticket)
        return Withdrawn()

    def drawn(self, ticket: str) -> PollAnswer:
        """What a good provider says of a task it took."""
        job = self.accepted.get(ticket)
        if job is None:
            return TaskUnknown()
        if ticket in self.withdrawn:
            return TaskFailed(trouble(ErrorClass.CANCELLED, "CANCELED"))
        if ticket in self.waiting:
            return StillRunning(queued=True)
        if ticket in self.drawing:
            return StillRunning(queued=False)
        withheld = job.n if job.prompt in self.withheld else None
        drawn = done(ticket, job.n, withheld)
        return replace(drawn, prompt_echo=job.prompt) if self.echoes else drawn


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
