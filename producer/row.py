"""One record of a manifest, as it stands in the file."""

from __future__ import annotations

from typing import Any, NamedTuple

from producer.problem import Problem


class Row(NamedTuple):
    """A record that could be read; its values are as the file has them."""

    line: int
    """Line where the record begins, from 1."""
    columns: tuple[str, ...]
    """The record's columns in order; one shared tuple for all rows of the same shape."""
    cells: dict[str, Any]


class Broken(NamedTuple):
    """A record that could not be read, with whatever text there is of it."""

    line: int
    cells: tuple[str, ...]
    problem: Problem
