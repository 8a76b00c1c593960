"""One record of a manifest, as it stands in the file."""

from __future__ import annotations

from typing import Any, NamedTuple

from producer.problem import Problem, is_blank, shown


class Row(NamedTuple):
    """A record that could be read; its values are as the file has them."""

    line: int
    """Line where the record begins, from 1."""
    columns: tuple[str, ...]
    """The record's columns in order; one shared tuple for all rows of the same shape."""
    cells: dict[str, Any]
    body: tuple[str, ...] | None = None
    """Of a line of an OpenAI batch: the columns its body gave, each a field of the request."""

    def problem(self, column: str | None, value: Any, reason: str) -> Problem:
        """What is wrong with one value of it."""
        return Problem(self.line, column, None if is_blank(value) else shown(value), reason)


class Broken(NamedTuple):
    """A record that could not be read, with whatever text there is of it."""

    line: int
    cells: tuple[str, ...]
    problem: Problem
