"""A figure that a process tells to Prometheus."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Figure(NamedTuple):
    """One figure, as Prometheus knows it."""

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    labels: tuple[str, ...]
    says: str
