"""Values for rows that say nothing, and who said them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values by field or parameter, as they were written."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """Where a value was said, if not with `--set`: what a message calls it."""

    columns: dict[str, str] = field(default_factory=dict)
    """Field -> the column that holds it, of every `--map`; no column: none does."""

    def place(self, name: str) -> str:
        """What a message calls the place where a value was said."""
        return self.places.get(name, f"--set {name}")
