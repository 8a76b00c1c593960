"""Log lines as the logbook writes them, gathered for tests."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from worker.logbook import JsonLines


class Lines:
    """What was logged so far."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == event]


@contextmanager
def logged(level: int = logging.DEBUG) -> Iterator[Lines]:
    """Every line of the worker's modules, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    worker = logging.getLogger("worker")
    before = worker.level
    worker.setLevel(level)
    worker.addHandler(handler)
    try:
        yield Lines(stream)
    finally:
        worker.removeHandler(handler)
        worker.setLevel(before)
