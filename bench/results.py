"""results.json: what each measurement found, when, and how busy the machine was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
"""What one measurement found, as JSON has it."""


@dataclass(frozen=True)
class Taken:
    """One measurement, whether it came to its end or not."""

    date: str
    load_before: str
    """1, 5 and 15 minutes."""
    took_s: float
    quick: bool
    """Taken with fewer jobs and rows: no figure to compare with a target."""
    figures: Figures
    """Empty where it failed."""
    failed: str = ""
    """Why there are no figures."""
    loop_ms: tuple[float, float] | None = None
    """How long the same small loop took before and after: the machine's own pace may change."""


@dataclass(frozen=True)
class Results:
    """Everything measured on one machine."""

    machine: dict[str, str]
    taken: dict[str, Taken]
    """By the measurement's name."""

    def with_taken(self, name: str, taken: Taken) -> Results:
        """These, with one measurement taken anew."""
        return replace(self, taken={**self.taken, name: taken})

    def figures(self, name: str) -> Figures:
        """What a measurement found; empty where it was not taken, or failed."""
        return self.taken[name].figures if name in self.taken else {}


def read(path: Path) -> Results | None:
    """What a file holds; None where there is none. Raises ValueError where it is something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    document = json.loads(text)
    if not isinstance(document, dict) or set(document) != {"machine", "taken"}:
        raise ValueError(f"{path} holds no results of `python -m bench`; take it away first")
    taken = {name: _taken(each) for name, each in document["taken"].items()}
    return Results(document["machine"], taken)


def _taken(written: dict[str, Any]) -> Taken:
    pace = written.get("loop_ms")  # JSON knows no tuples
    return Taken(**{**written, "loop_ms": pace and (pace[0], pace[1])})


def beside(before: Results | None, machine: dict[str, str], *, some: bool) -> Results:
    """What new figures of a machine are put beside: nothing of another machine.

    Raises ValueError where only some are measured anew, and the others could not stay.
    """
    if before is None or before.machine == machine:
        return before or Results(machine, {})
    if some:
        differing = [name for name in machine if before.machine.get(name) != machine[name]]
        raise ValueError(
            f"the other figures are of another {', '.join(differing)}: measure all, or use --out FILE"
        )
    return Results(machine, {})


def write(results: Results, path: Path) -> None:
    """Keep them: the file is the old one or the new one, never half of it."""
    part = path.with_name(f"{path.name}.part")
    text = json.dumps(asdict(results), indent=2, ensure_ascii=False)
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)
