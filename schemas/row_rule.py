"""What the fields of one row must be to each other, as data, and the check of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from schemas.contract import Contract


class RowRule(Contract):
    """One rule of a model; `prompt` and `negative_prompt` count as fields like all others."""

    kind: Literal["at_least_one", "exactly_one", "at_most_one", "together", "needs", "excludes"]
    fields: tuple[str, ...] = Field(min_length=1)
    when: dict[str, str | int | float | bool | None] = Field(
        default_factory=dict,
        description="the rule holds for rows where each of these fields has this value; null: any",
    )
    why: str = Field(default="", description="further words for the user")

    def broken_by(self, given: Mapping[str, Any]) -> str | None:
        """What is wrong with a row that gives these fields; None: nothing."""
        if not all(_is(given, name, value) for name, value in self.when.items()):
            return None
        there = [name for name in self.fields if given.get(name) is not None]
        missing = [name for name in self.fields if given.get(name) is None]
        reason = _BROKEN[self.kind](there, missing, self.fields)
        if reason is None:
            return None
        condition = f" when {self._condition(given)}" if self.when else ""
        return f"{reason}{condition}{'; ' + self.why if self.why else ''}"

    def _condition(self, given: Mapping[str, Any]) -> str:
        return " and ".join(f"{name} is {given[name]}" for name in self.when)


def _is(given: Mapping[str, Any], name: str, value: Any) -> bool:
    found = given.get(name)
    return found is not None and (value is None or found == value)


def _at_least_one(there: list[str], _missing: list[str], fields: tuple[str, ...]) -> str | None:
    return None if there else f"needs at least one of {', '.join(fields)}"


def _exactly_one(there: list[str], _missing: list[str], fields: tuple[str, ...]) -> str | None:
    return None if len(there) == 1 else f"needs exactly one of {', '.join(fields)}"


def _at_most_one(there: list[str], _missing: list[str], _fields: tuple[str, ...]) -> str | None:
    return None if len(there) < 2 else f"takes only one of {', '.join(there)}"


def _together(there: list[str], missing: list[str], fields: tuple[str, ...]) -> str | None:
    return f"takes {' and '.join(fields)} only together" if there and missing else None


def _needs(_there: list[str], missing: list[str], _fields: tuple[str, ...]) -> str | None:
    return f"needs {', '.join(missing)}" if missing else None


def _excludes(there: list[str], _missing: list[str], _fields: tuple[str, ...]) -> str | None:
    return f"takes no {', '.join(there)}" if there else None


_BROKEN = {
    "at_least_one": _at_least_one,
    "exactly_one": _exactly_one,
    "at_most_one": _at_most_one,
    "together": _together,
    "needs": _needs,
    "excludes": _excludes,
}
