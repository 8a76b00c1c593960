"""Shares rows that name no account among the accounts of a provider, as their limits are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.model import Model

Speed = Callable[[Model, str], float]
"""Orders a second that a model's lane at an account can do."""


@dataclass(frozen=True)
class Spread:
    """What the settings say of it."""

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By provider: the accounts that share its rows."""
    speed: Speed = lambda model, account: 1.0  # noqa: ARG005 - alike, where nothing is said


class Shares:
    """The rows of one manifest, shared out one after the other: the same rows, the same shares."""

    def __init__(self, spread: Spread) -> None:
        self._spread = spread
        self._given: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._speeds: dict[tuple[str, str], dict[str, float]] = {}
        self._last: tuple[tuple[str, str], int, str] | None = None

    def account(self, model: Model, line: int) -> str | None:
        """The account that would be done with the row first; None where nothing is spread.

        All orders of a line go through one account, so that their pictures stay beside each other.
        """
        group = self._spread.groups.get(model.provider)
        if not group:
            return None
        key = (model.provider, model.name)
        given = self._given[key]
        if self._last is not None and self._last[:2] == (key, line):
            account = self._last[2]
        else:
            speeds = self._speeds.get(key)
            if speeds is None:
                speeds = {name: self._spread.speed(model, name) for name in group}
                self._speeds[key] = speeds
            account = min(group, key=lambda name: (given[name] + 1) / speeds[name])
            self._last = (key, line, account)
        given[account] += 1
        return account
