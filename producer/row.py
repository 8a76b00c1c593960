"""One record of a manifest, as it stands in the file."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from producer.problem import Problem, is_blank, shown


class Kind(StrEnum):
    """What a cell of a workbook is, where its text alone does not say it."""

    DATE = "date"
    TIME = "time"
    ROUNDED = "rounded"
    """A number of more digits than a workbook keeps."""
    UNCALCULATED = "uncalculated"
    """A formula whose value nobody has stored."""
    MERGED = "merged"
    """Empty, because a cell above it has grown over it."""


class Odd(NamedTuple):
    """A cell that is not what its text says."""

    kind: Kind
    place: str
    """The cell, or the cells it is merged with, as a workbook names them: B5, B2:B5."""


class Row(NamedTuple):
    """A record that could be read; its values are as the file has them."""

    line: int
    """Line where the record begins, from 1; of a workbook: the row's number."""
    columns: tuple[str, ...]
    """The record's columns in order; one shared tuple for all rows of the same shape."""
    cells: dict[str, Any]
    body: tuple[str, ...] | None = None
    """Of a line of an OpenAI batch: the columns its body gave, each a field of the request."""
    odd: Mapping[str, Odd] | None = None
    """Of a workbook: columns whose cells are more than their text."""
    variant: tuple[str, ...] = ()
    """What a matrix adds to the row's id: a label for each value it gave."""

    def problem(self, column: str | None, value: Any, reason: str) -> Problem:
        """What is wrong with one value of it."""
        return Problem(self.line, column, None if is_blank(value) else shown(value), reason)


class Broken(NamedTuple):
    """A record that could not be read, with whatever text there is of it."""

    line: int
    cells: tuple[str, ...]
    problem: Problem
