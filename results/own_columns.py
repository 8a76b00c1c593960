"""The columns we add to a manifest's own: their names, and how they are known again."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.fields import normal_name

FAILURE_COLUMNS = ("error_class", "code", "error")
"""What failed.csv adds: why the row failed, for programs, for the provider and for people."""
ORDERED_AS = "ordered_as"
"""The id of an order, where a row's own cell does not say it: what retries and reviews name."""
OWN_PREFIX = "mill_"
"""Set before a column of ours when the manifest has one of that name."""


def own_names(columns: Sequence[str], ours: Sequence[str]) -> tuple[str, ...]:
    """Our columns' names beside the manifest's, prefixed until none is taken twice."""
    taken = {normal_name(column) for column in columns}
    names = []
    for own in ours:
        name = own
        while normal_name(name) in taken:
            name = OWN_PREFIX + name
        taken.add(normal_name(name))
        names.append(name)
    return tuple(names)


def failure_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of a header that an earlier failed.csv brought in: all of them, or none.

    They stand where we put them, at the end, unless somebody moved columns about.
    """
    tail = tuple(columns[-len(FAILURE_COLUMNS) :])
    if _are_ours(tail, columns):
        return tail
    found = []
    for own in FAILURE_COLUMNS:
        alike = [column for column in columns if _bare(column) == own]
        found.append(max(alike, key=lambda column: len(normal_name(column)), default=""))
    return tuple(found) if _are_ours(found, columns) else ()


def _are_ours(found: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether beside the other columns these are what we would add."""
    rest = [column for column in columns if column not in found]
    return tuple(found) == own_names(rest, FAILURE_COLUMNS)


def _bare(column: str) -> str:
    """A column's name without our prefixes."""
    name = normal_name(column)
    while name.startswith(OWN_PREFIX):
        name = name.removeprefix(OWN_PREFIX)
    return name
