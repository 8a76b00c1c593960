"""What a sheet says beside its cells' values: merged cells, and formulas nobody has calculated."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import IO, NamedTuple
from xml.etree.ElementTree import Element, iterparse

from producer.errors import ManifestError

_BLOCK_BYTES = 1 << 20
_OVERLAP_BYTES = 64
_WORTH_READING = re.compile(rb"<(?:\w+:)?(?:f[\s/>]|mergeCell\s)")
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d*)")
_RANGE = re.compile(r"([A-Z]{1,3})([1-9]\d*):([A-Z]{1,3})([1-9]\d*)")
_MOST = 100_000


class Merged(NamedTuple):
    """Cells that have become one; rows and columns are counted from 1."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int
    place: str
    """As a workbook names them: B2:B5."""


class Marks(NamedTuple):
    """What there is of it in one sheet."""

    uncalculated: frozenset[tuple[int, int]] = frozenset()
    """Row and column of each formula without a stored value."""
    merged: tuple[Merged, ...] = ()
    """By their first row."""


def read_marks(opened: Callable[[], AbstractContextManager[IO[bytes]]], name: str) -> Marks:
    """The marks of a sheet's part, which is read as a stream; most sheets have none.

    Raises ManifestError where there are so many that nobody could mend them one by one.
    """
    with opened() as part:
        if not _is_worth_reading(part):
            return Marks()
    uncalculated: set[tuple[int, int]] = set()
    merged: list[Merged] = []
    row = column = 0
    with opened() as part:
        for event, element in iterparse(part, ("start", "end")):  # noqa: S314 - expat bounds what entities grow to, and the part's size is checked
            tag = element.tag.rpartition("}")[2]
            if tag == "row":
                if event == "start":
                    row, column = int(element.get("r") or row + 1), 0
                else:
                    element.clear()
            elif tag == "c" and event == "end":
                column = _column(element, column)
                if _is_uncalculated(element):
                    uncalculated.add((row, column))
            elif tag == "mergeCell" and event == "end":
                merged += _merged(element.get("ref") or "")
            if len(uncalculated) + len(merged) > _MOST:
                raise _too_many(name, len(merged))
    return Marks(frozenset(uncalculated), tuple(sorted(merged)))


class MergedRows:
    """The merged cells that reach into a row, asked row by row from the top."""

    def __init__(self, merged: Sequence[Merged]) -> None:
        self._coming = deque(merged)
        self._here: list[Merged] = []

    def at(self, row: int) -> list[Merged]:
        """Those of the row, none of which is before the last one asked for."""
        while self._coming and self._coming[0].first_row <= row:
            self._here.append(self._coming.popleft())
        if self._here:
            self._here = [each for each in self._here if each.last_row >= row]
        return self._here


def column_letters(column: int) -> str:
    """A column as a workbook names it: A, Z, AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _is_worth_reading(part: IO[bytes]) -> bool:
    before = b""
    while block := part.read(_BLOCK_BYTES):
        if _WORTH_READING.search(before + block):
            return True
        before = block[-_OVERLAP_BYTES:]
    return False


def _column(cell: Element, before: int) -> int:
    """A cell's column; one without a name stands behind the last."""
    named = _CELL.fullmatch(cell.get("r") or "")
    return _number(named[1]) if named else before + 1


def _is_uncalculated(cell: Element) -> bool:
    parts = {child.tag.rpartition("}")[2]: child for child in cell}
    if "f" not in parts or cell.get("t") == "str":  # which is a text, though it may be an empty one
        return False
    return "v" not in parts or not parts["v"].text


def _merged(ref: str) -> list[Merged]:
    named = _RANGE.fullmatch(ref)
    if named is None:
        return []
    first_column, first_row, last_column, last_row = named.groups()
    return [Merged(int(first_row), int(last_row), _number(first_column), _number(last_column), ref)]


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _too_many(name: str, merged: int) -> ManifestError:
    if merged > _MOST // 2:
        return ManifestError(f"{name} has more than {merged:,} merged cells; unmerge them")
    return ManifestError(
        f"{name} has formulas without stored values; open it in Excel, save it, and hand it in again"
    )
