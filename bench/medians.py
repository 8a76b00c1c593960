"""Several runs as one: the median of each figure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.results import Figures

WORST: dict[str, Callable[[Sequence[float]], float]] = {
    "charged_twice": max,
    "images_stored": min,
}
"""Promises: the run that kept them least counts, not the one in the middle."""


def medians(runs: Sequence[Figures]) -> Figures:
    """Each number's median, and all runs beside them.

    Runs without a number do not count in it; words are those of the first run.
    """
    first = runs[0]
    together = {name: _one(name, [run[name] for run in runs]) for name in first}
    return {**together, "runs": [dict(run) for run in runs]}


def _one(name: str, values: list[Any]) -> Any:
    if any(isinstance(value, bool) for value in values):
        return all(values)
    numbers = [value for value in values if isinstance(value, (int, float))]
    if not numbers:
        return values[0]
    return WORST[name](numbers) if name in WORST else statistics.median(numbers)
