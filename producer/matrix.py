"""A matrix: columns with several values, with each combination of which every row is ordered."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from producer.errors import OptionError
from producer.problem import is_blank, shown
from producer.row import Broken, Row
from schemas.fields import canonical_name, normal_name
from schemas.layout import safe_name

LIMIT = 10_000
"""Orders a matrix may make where nobody says how many."""
_LABEL_LENGTH = 24
_LABEL_KEPT = 17
_LABEL_HASH = 6
_KEPT = 1000
"""Headers remembered; JSON lines could bring a new one with every row."""


class Axis(NamedTuple):
    """A column and its values."""

    name: str
    values: dict[str, str]
    """By the label that goes into the ids."""


class _Shape(NamedTuple):
    """Where the axes are in rows of one header."""

    columns: tuple[str, ...]
    """The header's, then the axes it does not have."""
    places: tuple[tuple[str, Axis], ...]
    """Each axis with its column."""


class Product(NamedTuple):
    """How many orders rows make."""

    rows: int
    orders: int
    axes: tuple[Axis, ...]

    def __str__(self) -> str:
        parts = [_counted(self.rows, "row")]
        parts += [_counted(len(axis.values), shown(axis.name)) for axis in self.axes]
        said = f"{' x '.join(parts)} = {_counted(self.orders, 'order')}"
        if self.orders != self.rows * math.prod(len(axis.values) for axis in self.axes):
            said += " (some rows say themselves what they are ordered with)"
        return said


class Matrix:
    """Makes a row for each combination of values. A cell that says something is not replaced."""

    def __init__(self, axes: Iterable[Axis]) -> None:
        """Raises OptionError for columns that mean the same, and for an id."""
        self.axes = tuple(axes)
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        meanings: dict[str, str] = {}
        for axis in self.axes:
            meaning = canonical_name(axis.name)
            if meaning == "id":
                raise OptionError(
                    f"matrix {shown(axis.name)}: an id is a row's own; the matrix adds to it"
                )
            if meaning in meanings:
                raise OptionError(
                    f"matrix: {shown(meanings[meaning])} and {shown(axis.name)} mean the same"
                )
            meanings[meaning] = axis.name

    def columns(self, columns: Sequence[str]) -> tuple[str, ...]:
        """A header's columns, then those the matrix adds."""
        return self._shape(tuple(columns)).columns

    def count(self, rows: Iterable[Row | Broken]) -> Product:
        """How many orders the rows make; what cannot be read makes none."""
        read = orders = 0
        for row in rows:
            if isinstance(row, Row):
                read += 1
                orders += math.prod(len(axis.values) for _, axis in self._open(row))
        return Product(read, orders, self.axes)

    def expanded(self, rows: Iterable[Row | Broken]) -> Iterator[Row | Broken]:
        """Every row with each combination; the first axis changes slowest."""
        for row in rows:
            if isinstance(row, Broken):
                yield row
                continue
            columns, places = self._shape(row.columns).columns, self._open(row)
            for chosen in itertools.product(*(axis.values.items() for _, axis in places)):
                cells = dict(row.cells)
                for (column, _), (_, value) in zip(places, chosen, strict=True):
                    cells[column] = value
                variant = tuple(label for label, _ in chosen)
                yield row._replace(columns=columns, cells=cells, variant=variant)

    def _open(self, row: Row) -> list[tuple[str, Axis]]:
        """The axes of which the row's own cells say nothing."""
        places = self._shape(row.columns).places
        return [place for place in places if is_blank(row.cells.get(place[0]))]

    def _shape(self, columns: tuple[str, ...]) -> _Shape:
        found = self._shapes.get(columns)
        if found is None:
            if len(self._shapes) >= _KEPT:
                self._shapes.clear()
            found = self._shapes[columns] = _shape(columns, self.axes)
        return found


def axis_of(name: str, said: Mapping[str, str] | Sequence[str]) -> Axis:
    """A column's values, with labels of their own or made of the values.

    Raises OptionError where there are none, or two would make the same id.
    """
    if isinstance(said, Mapping):
        pairs = [(label.strip(), value) for label, value in said.items()]
    else:
        pairs = [(_label(value), value) for value in said]
    values: dict[str, str] = {}
    folded: dict[str, str] = {}
    for label, value in pairs:
        key = safe_name(label).casefold()
        if key in folded or not label:
            raise OptionError(
                f"matrix {shown(name)}: {shown(value)} and {shown(folded.get(key, ''))} would make"
                " the same ids; give each a label, as in {front = ..., side = ...}"
            )
        folded[key] = value
        values[label] = value
    if not values:
        raise OptionError(f"matrix {shown(name)} has no values; leave it out")
    return Axis(name.strip(), values)


def check_product(product: Product, limit: int | None) -> None:
    """Raises OptionError where the matrix makes more orders than somebody said it may."""
    most = LIMIT if limit is None else limit
    if product.orders > most:
        raise OptionError(
            f"{product}, and a matrix may make {most:,}; say --matrix-limit {product.orders}"
            " if that many are meant"
        )


def _shape(columns: tuple[str, ...], axes: Iterable[Axis]) -> _Shape:
    meant: dict[str, str] = {}
    for column in columns:
        meaning = canonical_name(column)
        if meaning not in meant or normal_name(column) == meaning:
            meant[meaning] = column
    places = [(meant.get(canonical_name(axis.name), axis.name), axis) for axis in axes]
    added = [column for column, _ in places if column not in columns]
    return _Shape((*columns, *added), tuple(places))


def _label(value: str) -> str:
    """What a value adds to an id: itself, as a file name has it; of a long one the start."""
    name = safe_name(value.strip())
    if len(name) <= _LABEL_LENGTH:
        return name
    digest = hashlib.sha256(value.strip().encode()).hexdigest()[:_LABEL_HASH]
    return f"{name[:_LABEL_KEPT].rstrip('-. ')}-{digest}"


def _counted(count: int, what: str) -> str:
    plural = "" if count == 1 or not what.isascii() or what.endswith("s") else "s"
    return f"{count:,} {what}{plural}"
