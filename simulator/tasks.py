"""Tasks and how they move: PENDING in order of arrival, a few RUNNING, then an end.

States are worked out from times whenever somebody asks: they are right without any timer.
"""

from __future__ import annotations

import heapq
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a task stands, in the words of the DashScope task API."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class Kind(StrEnum):
    """What became of an order: only a task can be listed and asked for by its id."""

    TASK = "task"
    CALL = "call"
    """Answered on the connection it came on."""
    TRAINING = "training"
    """A fine-tune job, with endpoints of its own."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a picture was not made, in the vendor's words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asked for, whatever the dialect it asked in."""

    account: str
    model: str
    prompt: str
    n: int
    seed: int
    """Seed of the first picture; the i-th further one has seed + i."""
    size: tuple[int, int]
    """Width and height in pixels."""
    style: str
    parameters: dict[str, Any]
    """The parameters as they were sent."""
    kind: Kind = Kind.TASK
    format: str = "png"
    """File name extension of its pictures: png, jpg or webp."""
    inputs: dict[str, list[str]] = field(default_factory=dict)
    """Pictures that went in, by field: addresses without their queries, or a data URI's digest."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else the answer tells, such as a rewritten prompt."""
    free: bool = False
    """Whether it is never charged."""
    blurs: bool = False
    """Whether a picture that moderation withholds comes blurred, and is charged."""
    credits: float = 0.0
    """What one picture costs where the account pays in credits."""


@dataclass(slots=True)
class Task:
    """One accepted order. All times are epoch seconds."""

    task_id: str
    request_id: str
    order: Order
    submitted_s: float
    duration_s: float
    failures: dict[int, Failure] = field(default_factory=dict)
    """Which pictures (counted from 0) will fail, and why."""
    state: State = State.PENDING
    started_s: float | None = None
    finished_s: float | None = None
    told_s: float | None = None
    """When the client was first told, in answer to a query by its id, that the task has ended."""
    queries: int = 0
    downloads: int = 0

    @property
    def images_charged(self) -> int:
        """Pictures that succeeded; nothing else is billed."""
        return 0 if self.order.free else self.images_made

    @property
    def images_made(self) -> int:
        """Pictures that are there."""
        return self.order.n - len(self.failures) if self.state is State.SUCCEEDED else 0

    def start(self, now_s: float) -> None:
        """Begin to generate."""
        self.state = State.RUNNING
        self.started_s = now_s

    def make_at_once(self) -> None:
        """Run as long as the client waits: the end is known when the order is accepted."""
        self.start(self.submitted_s)
        self.finish(self.submitted_s + self.duration_s)

    def finish(self, now_s: float) -> None:
        """End well if at least one picture was made."""
        failed = len(self.failures) >= self.order.n
        self.state = State.FAILED if failed else State.SUCCEEDED
        self.finished_s = now_s


class Lane:
    """The tasks of one account and model: what the vendor's running limit covers."""

    def __init__(self, moved: Callable[[Task], None]) -> None:
        self._moved = moved
        self._pending: deque[Task] = deque()
        self._running: list[tuple[float, int, Task]] = []
        self._order = 0

    def add(self, task: Task, limit: int) -> None:
        """Queue a task submitted just now, and start it if there is room."""
        self.advance(task.submitted_s, limit)
        self._pending.append(task)
        self._fill(task.submitted_s, limit)

    def take_up(self, task: Task) -> None:
        """Queue a task of an earlier run as it stood then; it moves with the next advance."""
        if task.state is State.RUNNING:
            self._run(task)
        elif task.state is State.PENDING:
            self._pending.append(task)

    def withdraw(self, task: Task, now_s: float) -> None:
        """Take a PENDING task out of the queue."""
        self._pending.remove(task)
        task.state = State.CANCELED
        task.finished_s = now_s
        self._moved(task)

    def advance(self, now_s: float, limit: int) -> None:
        """Let everything happen that was due by `now_s`, at the moment it was due."""
        running = self._running
        while running and running[0][0] <= now_s:
            due_s, _, task = heapq.heappop(running)
            task.finish(due_s)
            self._moved(task)
            self._fill(due_s, limit)
        if self._pending:
            self._fill(now_s, limit)

    def _fill(self, now_s: float, limit: int) -> None:
        while self._pending and len(self._running) < limit:
            task = self._pending.popleft()
            task.start(max(now_s, task.submitted_s))
            self._run(task)
            self._moved(task)

    def _run(self, task: Task) -> None:
        assert task.started_s is not None
        self._order += 1
        heapq.heappush(self._running, (task.started_s + task.duration_s, self._order, task))


class TaskStore:
    """Every task ever accepted, by id, and the lanes the unfinished ones wait in.

    `moved` is called whenever a task has changed its state.
    """

    def __init__(self, running: int, moved: Callable[[Task], None]) -> None:
        self._running = running
        self._moved = moved
        self._tasks: dict[str, Task] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def add(self, task: Task) -> None:
        """Take in a task accepted just now."""
        self._tasks[task.task_id] = task
        self._lane(task).add(task, self._running)

    def add_made(self, task: Task) -> None:
        """Take in the task of a synchronous order: it waits in no lane."""
        self._tasks[task.task_id] = task
        self._moved(task)

    def take_up(self, tasks: Iterable[Task], now_s: float) -> None:
        """Take in the tasks of an earlier run and let them move on to `now_s`."""
        for task in tasks:
            self._tasks[task.task_id] = task
            self._lane(task).take_up(task)
        self.advance(now_s)

    def find(self, task_id: str, now_s: float) -> Task | None:
        """The task of that id as it stands at `now_s`."""
        task = self._tasks.get(task_id)
        if task is not None and task.finished_s is None:
            self._lane(task).advance(now_s, self._running)
        return task

    def cancel(self, task: Task, now_s: float) -> bool:
        """Cancel a task that is still PENDING; say whether it was."""
        self._lane(task).advance(now_s, self._running)
        if task.state is not State.PENDING:
            return False
        self._lane(task).withdraw(task, now_s)
        return True

    def limit_running(self, running: int, now_s: float) -> None:
        """Change how many tasks of a lane run at once, from `now_s` on."""
        self.advance(now_s)
        self._running = running
        self.advance(now_s)

    def advance(self, now_s: float) -> None:
        """Let every lane move on to `now_s`."""
        for lane in self._lanes.values():
            lane.advance(now_s, self._running)

    def clear(self) -> None:
        """Forget every task."""
        self._tasks.clear()
        self._lanes.clear()

    def _lane(self, task: Task) -> Lane:
        key = (task.order.account, task.order.model)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._moved)
        return lane


def new_id() -> str:
    """An id as vendors make them; never repeated, so a ticket of another run is not mistaken."""
    return str(uuid.uuid4())


def new_job_id(now_s: float) -> str:
    """An id as fine-tune jobs have them, of the minute and a bit of chance."""
    minute = time.strftime("%Y%m%d%H%M", time.gmtime(now_s + 8 * 3600))
    return f"ft-{minute}-{uuid.uuid4().hex[:8]}"


def peak(spans: Iterable[tuple[float, float]]) -> int:
    """The most spans (start, end) that were open at one moment; an end frees its place first."""
    edges = [edge for start, end in spans for edge in ((start, 1), (end, -1))]
    highest = current = 0
    for _, step in sorted(edges):
        current += step
        highest = max(highest, current)
    return highest
