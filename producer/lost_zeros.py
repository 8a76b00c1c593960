"""Leading zeros that Excel has taken from codes, where the rest of the column shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from producer.problem import Caution

_GTIN_DIGITS = frozenset({8, 12, 13, 14})
"""EAN-8, UPC-A, EAN-13, GTIN-14 (GS1 General Specifications); their last digit checks the rest."""
_MOST_DIGITS = 20
_KEPT = 50
_NONE_IN = 1000
"""A column whose first codes are none of digits alone has others below it."""
_LINES_NAMED = 5


@dataclass(slots=True)
class _OfOneLength:
    """The codes of so many digits."""

    count: int = 0
    with_zero: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    """The first of them, with their lines."""


class CodeColumns:
    """How long the codes of a manifest's columns are, counted row by row."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._lengths: dict[str, dict[int, _OfOneLength]] = {column: {} for column in columns}
        self._others = dict.fromkeys(columns, 0)
        self._seen = 0

    @property
    def is_watching(self) -> bool:
        """False once nothing more can be found."""
        return bool(self._lengths)

    def see(self, line: int, cells: Mapping[str, Any]) -> None:
        """Count the codes of one row, however many orders it makes."""
        if line == self._seen:
            return
        self._seen = line
        for column, lengths in tuple(self._lengths.items()):
            cell = cells.get(column)
            text = cell.strip() if type(cell) is str else ""
            if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
                self._others[column] += bool(text)
                if not lengths and self._others[column] == _NONE_IN:
                    del self._lengths[column]
                continue
            known = lengths.setdefault(len(text), _OfOneLength())
            known.count += 1
            known.with_zero += text[0] == "0"
            if len(known.first) < _KEPT:
                known.first.append((line, text))

    def cautions(self) -> list[Caution]:
        """One for each length that has lost zeros, with the first lines of it."""
        return [
            _caution(column, usual, shorter, lengths[shorter])
            for column, lengths in self._lengths.items()
            if (usual := _usual(lengths, self._others[column])) is not None
            for shorter in sorted(lengths)
            if shorter < usual and _has_lost(lengths[shorter], lengths[usual], usual)
        ]


def _usual(lengths: Mapping[int, _OfOneLength], others: int) -> int | None:
    """The length that codes of the column have; None where they have none in common."""
    if not lengths:
        return None
    total = sum(each.count for each in lengths.values())
    usual = max(lengths, key=lambda length: (lengths[length].count, length))
    is_rule = lengths[usual].count * 2 > total >= 2 * others
    return usual if is_rule else None


def _has_lost(short: _OfOneLength, usual: _OfOneLength, length: int) -> bool:
    """Whether the shorter codes are the usual ones without their zeros.

    The column shows it by codes that still have theirs, or by check digits that are right again
    with the zeros. Without either, a shorter code is a shorter code.
    """
    if usual.with_zero and not short.with_zero:
        return True
    return (
        length in _GTIN_DIGITS
        and len(short.first[0][1]) not in _GTIN_DIGITS
        and len(usual.first) > 2
        and all(_checks(code) for _, code in usual.first)
        and all(_checks(code.zfill(length)) for _, code in short.first)
    )


def _checks(code: str) -> bool:
    """Whether the last digit of a GTIN is the one the others ask for."""
    weighted = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return sum(weighted) % 10 == 0


def _caution(column: str, usual: int, shorter: int, found: _OfOneLength) -> Caution:
    (line, code), *more = found.first
    others = ", ".join(str(each) for each, _ in more[: _LINES_NAMED - 1])
    if found.count > _LINES_NAMED:
        others += f" and {found.count - _LINES_NAMED:,} more"
    also = f" (also line{'s' if len(more) > 1 else ''} {others})" if more else ""
    zeros = "a leading zero" if usual - shorter == 1 else "leading zeros"
    return Caution(
        line,
        column,
        f'"{code}" has {shorter} digits and most have {usual}: did Excel take {zeros}'
        f" away{also}? {code.zfill(usual)} would be complete",
    )
