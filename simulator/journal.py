"""A file of JSON lines in which a simulator remembers its tasks from one run to the next."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.tasks import Failure, Kind, Order, State, Task

_BEGINNING = b'{"event":'


class Journal:
    """Appends events; each line reaches the operating system before the answer leaves.

    So killing the simulator loses nothing. (A power cut may: there is no fsync.)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab", buffering=0)

    def append(self, event: str, **content: object) -> None:
        """Write one line."""
        line = json.dumps({"event": event, **content}, ensure_ascii=False, separators=(",", ":"))
        self._file.write(line.encode() + b"\n")

    def replay(self) -> list[dict[str, Any]]:
        """Every event written so far; a last line cut short by a kill is taken away.

        Raises:
            ValueError: The file holds something else; it is left as it is.
        """
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        events = [json.loads(line) for line in content[:whole].splitlines()]
        rest = content[whole:]
        if not all(isinstance(event, dict) for event in events):
            raise ValueError("its lines are no events")
        if not _BEGINNING.startswith(rest[: len(_BEGINNING)]):
            raise ValueError("its last line is no event")
        if rest:
            os.truncate(self._path, whole)
        return events

    def clear(self) -> None:
        """Forget everything written."""
        os.truncate(self._path, 0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def created(task: Task) -> dict[str, object]:
    """A newly accepted task as an event's content."""
    return {
        "task_id": task.task_id,
        "request_id": task.request_id,
        "order": asdict(task.order),
        "submitted_s": task.submitted_s,
        "duration_s": task.duration_s,
        "failures": {str(index): asdict(failure) for index, failure in task.failures.items()},
    }


def moved(task: Task) -> dict[str, object]:
    """A task's new state as an event's content."""
    return {
        "task_id": task.task_id,
        "state": task.state.value,
        "started_s": task.started_s,
        "finished_s": task.finished_s,
        "told_s": task.told_s,
    }


def recreated(event: dict[str, Any]) -> Task:
    """The task a `created` event tells of, still PENDING."""
    order = dict(event["order"])
    order["size"] = tuple(order["size"])
    order["kind"] = Kind(order.get("kind", Kind.TASK))
    return Task(
        task_id=event["task_id"],
        request_id=event["request_id"],
        order=Order(**order),
        submitted_s=event["submitted_s"],
        duration_s=event["duration_s"],
        failures={int(i): Failure(**failure) for i, failure in event["failures"].items()},
    )


def move_again(task: Task, event: dict[str, Any]) -> None:
    """Bring a task into the state a `moved` event tells of."""
    task.state = State(event["state"])
    task.started_s = event["started_s"]
    task.finished_s = event["finished_s"]
    task.told_s = event.get("told_s")
