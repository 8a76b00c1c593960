"""Whoever stands in the storm: the mill, or the same order in a plain Celery app."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from tests.storm.crew import Crew, Job, Worker
from tests.verdict import Verdict


class Side(Protocol):
    """What the storm asks of those it blows on."""

    quiet_s: float
    """So long without anything ending, and nothing more will."""

    def worker(self, _name: str) -> Job:
        """How another worker is started, under a name no other has."""
        ...

    def hand_in(self) -> None:
        """Order all rows."""
        ...

    def is_ready(self, worker: Worker) -> bool:
        """Whether a worker has begun to work."""
        ...

    def ended(self) -> int | None:
        """How many jobs have ended; None while nobody can say."""
        ...

    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        ...

    def settle(self) -> None:
        """Wait for what follows the end, within reason."""
        ...

    def judged(self, tasks: list[dict[str, Any]]) -> Verdict:
        """The verdict, once all workers have gone."""
        ...

    def told(self, crew: Crew) -> dict[str, int]:
        """Further figures, by their names."""
        ...


def log_text(log: Path) -> str:
    """What a worker wrote, however it ended."""
    return log.read_text(encoding="utf-8", errors="replace")
