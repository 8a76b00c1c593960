"""What the fields of one row must be to each other, as data, and the check of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from schemas.contract import Contract
from schemas.size import Size

ANY = "*"
"""Any value, in `when`: TOML has no null."""


class RowRule(Contract):
    """One rule of a model; `prompt` and `negative_prompt` count as fields like all others."""

    kind: Literal["at_least_one", "exactly_one", "at_most_one", "together", "needs", "excludes"]
    fields: tuple[str, ...] = Field(min_length=1)
    when: dict[str, str | int | float | bool | None] = Field(
        default_factory=dict,
        description="the rule holds for rows where each of these fields has this value;"
        ' "*", or null: any value',
    )
    above_pixels: int | None = Field(
        default=None, description="the rule holds for rows whose size has more pixels than this"
    )
    why: str = Field(default="", description="further words for the user")

    def broken_by(
        self, given: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
    ) -> str | None:
        """What is wrong with a row that gives these fields; None: nothing.

        `defaults` are what the provider takes where the row says nothing: a condition counts them.
        """
        said = {name: value for name, value in given.items() if value is not None}
        counted = {**(defaults or {}), **said}
        for name, value in self.when.items():
            if not _is(said if value in (None, ANY) else counted, name, value):
                return None
        if self.above_pixels is not None and not _larger(counted.get("size"), self.above_pixels):
            return None
        there = [name for name in self.fields if given.get(name) is not None]
        missing = [name for name in self.fields if given.get(name) is None]
        reason = _BROKEN[self.kind](there, missing, self.fields)
        if reason is None:
            return None
        condition = self._condition(counted)
        condition = f" when {condition}" if condition else ""
        return f"{reason}{condition}{'; ' + self.why if self.why else ''}"

    def _condition(self, given: Mapping[str, Any]) -> str:
        # What may be anything may be a signed address, or very long: it is not repeated.
        words = [
            f"{name} is given" if value in (None, ANY) else f"{name} is {_plain(value)}"
            for name, value in self.when.items()
        ]
        if self.above_pixels is not None:
            words.append(f"size is {given['size']}")
        return " and ".join(words)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is(given: Mapping[str, Any], name: str, value: Any) -> bool:
    found = given.get(name)
    return found is not None and (value in (None, ANY) or found == value)


def _larger(size: Any, pixels: int) -> bool:
    found = Size.parse(str(size))
    return found is not None and found.pixels > pixels


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
