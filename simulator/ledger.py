"""What the simulator was asked, and what it charged: the yardstick for whoever tests against it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.tasks import State, Task, peak


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks a report lists. Totals always cover all of them."""

    state: str | None = None
    model: str | None = None
    account: str | None = None
    prompt: str | None = None
    """A part of the prompt."""
    offset: int = 0
    limit: int | None = None

    def chosen(self, tasks: Iterable[Task]) -> list[Task]:
        """The tasks that fit, in order of arrival, before paging."""
        return [task for task in tasks if self._fits(task)]

    def page(self, tasks: list[Task]) -> list[Task]:
        """The asked-for page of them."""
        end = None if self.limit is None else self.offset + self.limit
        return tasks[self.offset : end]

    def _fits(self, task: Task) -> bool:
        return (
            self.state in (None, task.state.value)
            and self.model in (None, task.order.model)
            and self.account in (None, task.order.account)
            and (self.prompt is None or self.prompt in task.order.prompt)
        )


class Ledger:
    """Counts requests by endpoint and outcome, and reports on tasks and charges."""

    def __init__(self) -> None:
        self._requests: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, endpoint: str, outcome: str, times: int = 1) -> None:
        """Count a request; its outcome is the HTTP status, or "dropped"."""
        self._requests[endpoint][outcome] += times

    def requests(self) -> dict[str, dict[str, int]]:
        """Requests by endpoint, then by outcome."""
        return {name: dict(outcomes) for name, outcomes in self._requests.items()}

    def clear(self) -> None:
        """Count from zero."""
        self._requests.clear()

    def report(self, tasks: list[Task], wanted: Filter) -> dict[str, Any]:
        """The whole account as a JSON document."""
        chosen = wanted.chosen(tasks)
        return {
            "requests": self.requests(),
            "throttled": {
                name: outcomes["429"]
                for name, outcomes in self._requests.items()
                if outcomes["429"]
            },
            "totals": _totals(tasks),
            "models": _models(tasks),
            "matching": len(chosen),
            "tasks": [_line(task) for task in wanted.page(chosen)],
        }


def _totals(tasks: list[Task]) -> dict[str, Any]:
    states = Counter(task.state for task in tasks)
    return {
        "accepted_creates": len(tasks),
        "images_charged": sum(task.images_charged for task in tasks),
        "tasks_charged": sum(1 for task in tasks if task.images_charged),
        "tasks_by_state": {state.value: states[state] for state in State},
    }


def _models(tasks: list[Task]) -> dict[str, dict[str, Any]]:
    by_model: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        by_model[task.order.model].append(task)
    return {model: _model(own) for model, own in by_model.items()}


def _model(tasks: list[Task]) -> dict[str, Any]:
    spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for task in tasks:
        if task.started_s is not None:
            end_s = math.inf if task.finished_s is None else task.finished_s
            spans[task.order.account].append((task.started_s, end_s))
    return {
        "accepted_creates": len(tasks),
        "images_charged": sum(task.images_charged for task in tasks),
        # The limit holds for each account, so accounts are not added up.
        "peak_running": max((peak(own) for own in spans.values()), default=0),
        "arrivals_ms": [_ms(task.submitted_s) for task in tasks],
    }


def _line(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "model": task.order.model,
        "account": task.order.account,
        "prompt": task.order.prompt,
        "n": task.order.n,
        "parameters": task.order.parameters,
        "inputs": task.order.inputs,
        "state": task.state.value,
        "submitted_at": _ms(task.submitted_s),
        "started_at": None if task.started_s is None else _ms(task.started_s),
        "finished_at": None if task.finished_s is None else _ms(task.finished_s),
        "told_at": None if task.told_s is None else _ms(task.told_s),
        "images_charged": task.images_charged,
        "queries": task.queries,
        "downloads": task.downloads,
    }


def _ms(moment_s: float) -> float:
    return round(moment_s * 1000, 3)
