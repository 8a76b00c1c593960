"""What spreadsheets do to a table on its way here: numbers cut short, dates, errors, wrong letters.

What cannot be what was meant is a problem where it would be ordered; what may be, or passes through
to the results, is only said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from producer.mojibake import SUSPECT, Misread, misread
from producer.problem import Caution, Problem, shown
from producer.row import Kind, Odd, Row
from schemas.fields import normal_name

_CODES = frozenset(
    [
        "barcode",
        "bar_code",
        "ean",
        "ean13",
        "ean_13",
        "gtin",
        "upc",
        "isbn",
        "sku",
        "asin",
        "product_code",
        "item_number",
        "条码",
        "条形码",
        "商品条码",
        "国际条码",
        "商品编码",
        "货号",
        "款号",
        "sku编码",
    ]
)
"""Columns whose cells are names made of digits, whatever else is the id."""

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d{2,3}|\d[.,]\d+E-\d{2,3}", re.IGNORECASE)
"""As Excel writes it. `3E-21` and `1E+5` are names that somebody gave."""
_DECIMAL = re.compile(r"\d{4,}\.0")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = re.compile(
    rf"\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{1,4}}"
    r"|\d{4}[/-]\d{1,2}[/-]\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}/\d{1,2}/\d{2,4}"
    r"|(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?",
    re.IGNORECASE,
)
_SWITCH = re.compile("TRUE|FALSE")
_ERROR = re.compile(
    r"#(?:N/A|NAME\?|(?:REF|VALUE|DIV/0|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|CONNECT|UNKNOWN|BUSY)!"
    r"|GETTING_DATA|#{2,})"
)
_SUSPECT = re.compile(f"[#{SUSPECT}]")
_CODE_SUSPECT = re.compile(
    "|".join(pattern.pattern for pattern in (_SHORTENED, _DECIMAL, _DATE, _SWITCH)), re.IGNORECASE
)
_DOUBTS = (
    (_DATE, "reads like a date that Excel has made of something else"),
    (_DECIMAL, "ends in .0, as numbers do that a program has made of them"),
    (_SWITCH, "reads like a yes or no that Excel has made of something else"),
)
_PIECE = 12
"""Characters of a misread text that show what happened to it; it may be a prompt."""
_AS_TEXT = "format the column as text and enter it again"


class Damage(NamedTuple):
    """What is wrong with the cells of one row, and what may be."""

    problems: tuple[Problem, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def before(self, others: Iterable[Problem]) -> tuple[Problem, ...]:
        """All problems of the row; of a damaged cell nothing else needs to be said."""
        told = {problem.column for problem in self.problems}
        return (*self.problems, *(each for each in others if each.column not in told))


class Watched(NamedTuple):
    """The columns of one header in which damage matters."""

    id: str | None
    codes: tuple[str, ...]
    """The id's column, and those of barcodes."""
    meant: frozenset[str]
    """Columns with a meaning, and a template's: what stands there is ordered."""


_SOUND = Damage()


def watched(
    columns: Sequence[str], meaning: Mapping[str, str], worded: Collection[str] = ()
) -> Watched:
    """What is looked at in rows of that header; `meaning` is field -> column.

    `worded` are columns that a template makes words of.
    """
    own = meaning.get("id")
    codes = [column for column in columns if column == own or normal_name(column) in _CODES]
    return Watched(own, tuple(codes), frozenset({*meaning.values(), *worded}))


def inspect(row: Row, watch: Watched) -> Damage:
    """The damage of a row. Nearly every row has none, and is done with at a glance."""
    cells = row.cells
    if row.odd is None:
        try:
            text = "\n".join(cells.values())
        except TypeError:  # numbers and lists of JSON lines
            text = "\n".join(cell for cell in cells.values() if type(cell) is str)
        if _SUSPECT.search(text) is None and not _has_suspect_code(cells, watch):
            return _SOUND
    problems: list[Problem] = []
    cautions: list[Caution] = []
    for column, cell in cells.items():
        found = _odd(row, column, watch) or _text(cell, column, watch)
        if found is None:
            continue
        if found.is_certain:
            problems.append(row.problem(column, cell if found.is_shown else None, found.reason))
        else:
            value = f'"{shown(cell)}" ' if found.is_shown else ""
            cautions.append(Caution(row.line, column, f"{value}{found.reason}"))
    return Damage(tuple(problems), tuple(cautions))


class _Found(NamedTuple):
    """What is wrong with a cell."""

    is_certain: bool
    """Whether it must not be ordered."""
    reason: str
    """It reads on from the value."""
    is_shown: bool = True
    """False for what may be a prompt: the reason has the piece of it that matters."""


def _has_suspect_code(cells: Mapping[str, Any], watch: Watched) -> bool:
    for column in watch.codes:
        cell = cells[column]
        if type(cell) is str and _CODE_SUSPECT.fullmatch(cell.strip()):
            return True
    return False


def _odd(row: Row, column: str, watch: Watched) -> _Found | None:
    """What a workbook says of a cell beside its text."""
    odd = row.odd.get(column) if row.odd is not None else None
    if odd is None:
        return None
    is_meant = column in watch.meant
    match odd.kind:
        case Kind.UNCALCULATED:
            return _Found(True, _uncalculated(odd))
        case Kind.MERGED if is_meant:
            return _Found(True, f"is empty: {odd.place} are one cell; unmerge and fill each")
        case Kind.DATE | Kind.TIME if is_meant:
            return _Found(True, f"in {odd.place} is a {odd.kind} and no text: {_AS_TEXT}")
        case Kind.ROUNDED if column in watch.codes:
            reason = f"in {odd.place} has more digits than the 15 a workbook keeps of a number"
            return _Found(column == watch.id, f"{reason}: {_AS_TEXT}")
        case _:
            return None


def _uncalculated(odd: Odd) -> str:
    return (
        f"{odd.place} is a formula without a stored value; open the file in Excel, save it,"
        " and hand it in again"
    )


def _text(cell: Any, column: str, watch: Watched) -> _Found | None:
    """What a cell's text says of itself."""
    if type(cell) is not str:
        return None
    text = cell.strip()
    is_meant = column in watch.meant
    if text.startswith("#") and _ERROR.fullmatch(text):
        reason = "is an error of the spreadsheet; correct the formula or write the value"
        return _Found(is_meant, reason)
    if column in watch.codes:
        found = _code(text, is_id=column == watch.id)
        if found is not None:
            return found
    told = None if text.isascii() else misread(text)
    return None if told is None else _Found(is_meant, _misread(told), is_shown=False)


def _misread(told: Misread) -> str:
    found = shown(told.found[:_PIECE])
    if told.was is None:
        return f'holds "{found}", which {told.how}; take it from the source again'
    return (
        f'holds "{found}", which {told.how} and was "{shown(told.was[:_PIECE])}";'
        " leave --encoding out, or save the table again from its source"
    )


def _code(text: str, *, is_id: bool) -> _Found | None:
    if _SHORTENED.fullmatch(text):
        reason = "is a number Excel has shortened, and its last digits are lost"
        return _Found(is_id, f"{reason}: {_AS_TEXT}, or hand in the .xlsx itself")
    for pattern, reason in _DOUBTS:
        if pattern.fullmatch(text):
            return _Found(False, f"{reason}; is it right?")
    return None
