"""What the provider saw: read from the simulator's ledger, the same way for mill and peers."""

from __future__ import annotations

import json
import math
import statistics
import urllib.request
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_QUERIES = ("get", "list", "cancel")


@dataclass(frozen=True)
class Seen:
    """One run as the provider counts it."""

    accepted: int
    finished: int
    arrivals_s: tuple[float, ...]
    """Epoch seconds of the accepted orders, in order."""
    refused_orders: int
    refused_queries: int
    queries: int
    lists: int
    """Queries for the task list."""
    charged_twice: int
    """Charged tasks beyond the first of each prompt."""
    finished_at_s: dict[str, float]
    """Task id -> epoch seconds."""
    noticed_after_s: tuple[float, ...]
    """From each task's end until a query by its id was first answered with it."""
    ran_s: tuple[tuple[float, float], ...] = ()
    """From when until when each task ran, in epoch seconds; infinity: it still does."""

    def share_used(self, rate: float) -> float:
        """Of the allowed rate, between the first accepted order and the last."""
        span_s = self.arrivals_s[-1] - self.arrivals_s[0] if self.arrivals_s else 0.0
        return (self.accepted - 1) / (rate * span_s) if span_s > 0 else 0.0

    def share_used_since(self, moment_s: float, rate: float) -> float:
        """The same from an earlier moment (epoch seconds)."""
        span_s = self.arrivals_s[-1] - moment_s if self.arrivals_s else 0.0
        return self.accepted / (rate * span_s) if span_s > 0 else 0.0

    def share_used_within(self, began_s: float, span_s: float, rate: float) -> float:
        """Of the allowed rate, in a span of time (epoch seconds)."""
        end_s = began_s + span_s
        accepted = bisect_left(self.arrivals_s, end_s) - bisect_left(self.arrivals_s, began_s)
        return accepted / (rate * span_s)

    def running_used_within(self, began_s: float, span_s: float, running: int) -> float:
        """Of the running time that is allowed in such a span."""
        end_s = began_s + span_s
        spent_s = (min(until_s, end_s) - max(from_s, began_s) for from_s, until_s in self.ran_s)
        return sum(max(each_s, 0.0) for each_s in spent_s) / (running * span_s)

    @property
    def refused_share(self) -> float:
        """429s, of all orders and queries."""
        asked = self.accepted + self.refused_orders + self.queries
        return (self.refused_orders + self.refused_queries) / asked if asked else 0.0

    @property
    def polls_per_job(self) -> float:
        """Task queries, refused ones too, for each accepted order."""
        return self.queries / self.accepted if self.accepted else 0.0

    @property
    def longest_gap_s(self) -> float:
        """The longest time between two accepted orders."""
        gaps = [later - sooner for sooner, later in pairwise(self.arrivals_s)]
        return max(gaps, default=0.0)

    @property
    def most_in_a_second(self) -> int:
        """Accepted orders in the fullest second, wherever it begins."""
        ends = [bisect_left(self.arrivals_s, began_s + 1.0) for began_s in self.arrivals_s]
        return max((end - begin for begin, end in enumerate(ends)), default=0)


def seen_by(simulator_url: str) -> Seen:
    """What a simulator saw until now."""
    return _seen(_ledger(simulator_url))


def first_order_s(simulator_url: str) -> float | None:
    """Epoch seconds of the first accepted order; cheap enough to ask now and then."""
    tasks = _ledger(simulator_url, "?limit=1")["tasks"]
    return tasks[0]["submitted_at"] / 1000 if tasks else None


def arrivals_by_model(simulator_url: str) -> dict[str, list[float]]:
    """Epoch seconds of each model's accepted orders."""
    models = _ledger(simulator_url, "?limit=0")["models"]
    return {name: [at_ms / 1000 for at_ms in own["arrivals_ms"]] for name, own in models.items()}


def drawn_at_s(simulator_url: str) -> dict[str, float]:
    """Prompt -> when its picture was first ready (epoch seconds)."""
    drawn: dict[str, float] = {}
    for task in _ledger(simulator_url, "?state=SUCCEEDED")["tasks"]:
        moment_s = task["finished_at"] / 1000
        drawn[task["prompt"]] = min(moment_s, drawn.get(task["prompt"], moment_s))
    return drawn


def median_and_p95(values: list[float]) -> tuple[float, float]:
    """Of a list that is not empty."""
    return statistics.median(values), sorted(values)[int(0.95 * (len(values) - 1))]


def _ledger(simulator_url: str, query: str = "") -> dict[str, Any]:
    with urllib.request.urlopen(f"{simulator_url}/_ledger{query}", timeout=30) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def _seen(document: dict[str, Any]) -> Seen:
    tasks = document["tasks"]
    charged = Counter(task["prompt"] for task in tasks if task["images_charged"])
    requests = document["requests"]
    return Seen(
        accepted=len(tasks),
        finished=sum(1 for task in tasks if task["state"] == "SUCCEEDED"),
        arrivals_s=tuple(sorted(task["submitted_at"] / 1000 for task in tasks)),
        refused_orders=requests.get("create", {}).get("429", 0),
        refused_queries=sum(requests.get(name, {}).get("429", 0) for name in _QUERIES),
        queries=sum(sum(requests.get(name, {}).values()) for name in _QUERIES),
        lists=sum(requests.get("list", {}).values()),
        charged_twice=sum(times - 1 for times in charged.values()),
        finished_at_s={
            task["task_id"]: task["finished_at"] / 1000 for task in tasks if task["finished_at"]
        },
        noticed_after_s=tuple(
            (task["told_at"] - task["finished_at"]) / 1000 for task in tasks if task["told_at"]
        ),
        ran_s=tuple(
            (task["started_at"] / 1000, (task["finished_at"] or math.inf) / 1000)
            for task in tasks
            if task["started_at"]
        ),
    )
