"""Providers and picture hosts whose answers are timed and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, assert_never

from schemas.clock import Clock
from schemas.job import Job
from schemas.lane import Lane
from schemas.model import Model
from worker import figures
from worker.fetching import Fetched, Fetches, FetchFailed
from worker.metrics import Metrics
from worker.providers.port import (
    Accepted,
    CancelAnswer,
    Done,
    NoTaskList,
    NotSent,
    PollAnswer,
    Provider,
    Refused,
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
from worker.tools import Providers
from worker.tracing import Tracing

Answer = SubmitAnswer | PollAnswer | TaskListAnswer | CancelAnswer | Fetched | FetchFailed
Some = TypeVar("Some", bound=Answer)


class Stopwatch:
    """Times what one process asks of others."""

    def __init__(self, metrics: Metrics, tracing: Tracing, clock: Clock) -> None:
        self._metrics = metrics
        self._tracing = tracing
        self._clock = clock

    def now_s(self) -> float:
        """A moment of the process's own clock."""
        return self._clock.monotonic_s()

    def request(self, lane: str, phase: str, ask: Callable[[], Some]) -> Some:
        """Ask, and note the answer and how long it took."""
        began_s = self.now_s()
        with self._tracing.request(phase):
            answer = ask()
        self.note(lane, phase, answer, began_s)
        return answer

    def order(self, lane: str, phase: str, ask: Callable[[Callable[[], None]], Some]) -> Some:
        """The same, where whoever is asked says when the request leaves."""
        left_s = [self.now_s()]
        with self._tracing.request(phase):
            answer = ask(lambda: left_s.append(self.now_s()))
        self.note(lane, phase, answer, left_s[-1])
        return answer

    def note(self, lane: str, phase: str, answer: Answer, began_s: float) -> None:
        """Count an answer to what left at `began_s`."""
        self._metrics.count(figures.REQUESTS, lane, phase, _word(answer))
        if not isinstance(answer, NotSent):
            elapsed_s = self.now_s() - began_s
            self._metrics.took(figures.REQUEST_SECONDS, lane, phase, elapsed_s=elapsed_s)


class MeasuredProviders:
    """The same providers and picture hosts."""

    def __init__(self, providers: Providers, stopwatch: Stopwatch) -> None:
        self._providers = providers
        self._stopwatch = stopwatch

    def client(self, lane: Lane) -> Provider:
        """The client for a lane. Raises ProviderUnavailable when key or account are missing."""
        return _MeasuredProvider(self._providers.client(lane), str(lane), self._stopwatch)

    def fetcher(self, lane: Lane) -> Fetches:
        """What downloads the lane's pictures."""
        return _MeasuredFetcher(self._providers.fetcher(lane), str(lane), self._stopwatch)


class _MeasuredProvider:
    """One lane's client."""

    def __init__(self, provider: Provider, lane: str, stopwatch: Stopwatch) -> None:
        self._provider = provider
        self._lane = lane
        self._stopwatch = stopwatch

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Order; the time until the request may leave is not the provider's."""

        def ask(leaves: Callable[[], None]) -> SubmitAnswer:
            def asked() -> bool:
                may = may_send()
                leaves()
                return may

            return self._provider.submit(job, model, may_send=asked)

        phase = "generate" if model.synchronous else "submit"
        return self._stopwatch.order(self._lane, phase, ask)

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a task is."""
        return self._stopwatch.request(self._lane, "poll", lambda: self._provider.poll(ticket))

    def list_tasks(
        self, model: Model, start_s: float, end_s: float, page: int, *, running_only: bool = False
    ) -> TaskListAnswer:
        """A page of the provider's list."""

        def ask() -> TaskListAnswer:
            return self._provider.list_tasks(model, start_s, end_s, page, running_only=running_only)

        return self._stopwatch.request(self._lane, "list", ask)

    def cancel(self, ticket: str) -> CancelAnswer:
        """Withdraw a task that still waits."""
        return self._stopwatch.request(self._lane, "cancel", lambda: self._provider.cancel(ticket))

    def close(self) -> None:
        """Give back connections."""
        self._provider.close()


class _MeasuredFetcher:
    """What downloads one lane's pictures."""

    def __init__(self, fetcher: Fetches, lane: str, stopwatch: Stopwatch) -> None:
        self._fetcher = fetcher
        self._lane = lane
        self._stopwatch = stopwatch

    def fetch(self, url: str) -> Fetched | FetchFailed:
        """Download one picture."""
        return self._stopwatch.request(self._lane, "fetch", lambda: self._fetcher.fetch(url))


def _word(answer: Answer) -> str:
    """An answer as a label: one of few."""
    match answer:
        case Accepted() | Done() | StillRunning() | TaskPage() | NoTaskList():
            return "ok"
        case Withdrawn() | TooLate() | Fetched():
            return "ok"
        case Refused(failure) | TaskFailed(failure):
            return failure.error_class
        case TaskUnknown():
            return "lost"
        case NotSent():
            return "not_sent"
        case Unanswered():
            return "unanswered"
        case FetchFailed(kind):
            return kind
        case never:
            assert_never(never)
