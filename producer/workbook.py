"""A workbook's sheet, copied out row by row, so that it can be read as often as a CSV."""

from __future__ import annotations

import json
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from producer.cell_value import value_of
from producer.errors import ManifestError, ProducerError
from producer.row import Kind, Odd
from producer.sheet_choice import SheetName, choose_sheet
from producer.sheet_marks import Marks, Merged, MergedRows, column_letters, read_marks
from producer.source import Source
from producer.workbook_package import check_package

_UNPACKED_BYTES = 1 << 30
_TITLES_KEPT = 1000


class Bounds(NamedTuple):
    """What a sheet has at most; more is a damaged file, or one made to be a burden."""

    rows: int = 1 << 20
    """Excel's own bound, as that of columns."""
    columns: int = 1 << 14
    cells: int = 50_000_000
    characters: int = 1 << 30
    characters_of_a_cell: int = 1 << 17


class SheetRow(NamedTuple):
    """A row with something in it."""

    line: int
    cells: list[str]
    odd: dict[int, Odd]
    """By place, from 0: what is more than its text."""
    is_title: bool
    """One merged cell and nothing else."""


_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class SheetCopy:
    """The rows of one sheet, in a file of our own."""

    title: str
    sheets: tuple[SheetName, ...]
    """All of the workbook's."""
    titles: tuple[int, ...]
    """Rows that are one merged cell and nothing else: the first thousand."""
    path: Path

    def rows(self) -> Iterator[SheetRow]:
        """The rows that are not empty, from the top."""
        with self.path.open(encoding="utf-8") as lines:
            for text in lines:
                line, cells, odd, is_title = json.loads(text)
                places = {
                    int(place): Odd(Kind(kind), where) for place, (kind, where) in odd.items()
                }
                yield SheetRow(line, cells, places, is_title)

    def discard(self) -> None:
        """Remove the copy."""
        self.path.unlink(missing_ok=True)


def copy_sheet(source: Source, said: str | None, bounds: Bounds = _BOUNDS) -> SheetCopy:
    """Read the sheet that is said, or the first visible one.

    Raises OptionError where there is no such sheet, ManifestError for what cannot be read.
    """
    with _seekable(source) as raw:
        check_package(raw, source.name)
        with _faults(source.name), warnings.catch_warnings():
            # openpyxl tells what it would not write again; nothing is written.
            warnings.simplefilter("ignore")
            return _copied(raw, said, source.name, bounds)


def _copied(raw: BinaryIO, said: str | None, name: str, bounds: Bounds) -> SheetCopy:
    from openpyxl import load_workbook  # noqa: PLC0415 - most manifests are no workbooks: they are spared loading it

    book: Any = load_workbook(raw, read_only=True, data_only=True, keep_links=False)
    try:
        sheets = tuple(
            SheetName(each.title, each.sheet_state == "visible") for each in book.worksheets
        )
        title = choose_sheet(sheets, said, name)
        sheet = next(each for each in book.worksheets if each.title == title)
        part = sheet._worksheet_path  # noqa: SLF001 - openpyxl reads no merged cells of a stream: we do, from the same part
        with zipfile.ZipFile(raw) as package:
            marks = read_marks(lambda: package.open(part), name)
        with tempfile.NamedTemporaryFile(
            "w", prefix="imagemill-", suffix=".jsonl", encoding="utf-8", delete=False
        ) as copy:
            try:
                titles = _write(_rows(sheet, marks, name, bounds), copy)
            except BaseException:
                Path(copy.name).unlink(missing_ok=True)
                raise
    finally:
        book.close()
    return SheetCopy(title, sheets, titles, Path(copy.name))


def _write(rows: Iterator[SheetRow], copy: IO[str]) -> tuple[int, ...]:
    """Write all rows; returns which of them are titles."""
    titles: list[int] = []
    for row in rows:
        copy.write(json.dumps(row, ensure_ascii=False) + "\n")
        if row.is_title and len(titles) < _TITLES_KEPT:
            titles.append(row.line)
    return tuple(titles)


def _rows(sheet: Any, marks: Marks, name: str, bounds: Bounds) -> Iterator[SheetRow]:
    sheet.reset_dimensions()  # as the sheet's writer states them: often wrong, sometimes huge
    merged = MergedRows(marks.merged)
    cell_count = character_count = 0
    for line, cells in enumerate(sheet.iter_rows(), 1):
        width = len(cells)
        cell_count += width
        if line > bounds.rows or width > bounds.columns or cell_count > bounds.cells:
            raise _too_large(name, f"reaches to {column_letters(max(width, 1))}{line}")
        row = _row(line, cells, marks, merged) if width else None
        if row is None:
            continue
        sizes = [len(text) for text in row.cells]
        character_count += sum(sizes)
        if max(sizes) > bounds.characters_of_a_cell or character_count > bounds.characters:
            raise _too_large(name, f"has {character_count:,} characters up to row {line}")
        yield row


def _row(line: int, cells: Any, marks: Marks, merged: MergedRows) -> SheetRow | None:
    """The row as text; None where nothing is in it."""
    texts: list[str] = []
    odd: dict[int, Odd] = {}
    for place, cell in enumerate(cells):
        raw = cell.value
        text, kind = value_of(raw, cell.number_format if type(raw) in (int, float) else None)
        texts.append(text)
        if marks.uncalculated and (line, place + 1) in marks.uncalculated:
            kind = Kind.UNCALCULATED
        if kind is not None:
            odd[place] = Odd(kind, f"{column_letters(place + 1)}{line}")
    here = merged.at(line)
    if not odd and not any(map(str.strip, texts)):
        return None
    for each in here:
        if line > each.first_row:
            _cover(each, texts, odd)
    return SheetRow(line, texts, odd, _is_title(texts, here))


def _cover(merged: Merged, texts: list[str], odd: dict[int, Odd]) -> None:
    """Mark what is empty because a cell above has grown over it."""
    texts.extend([""] * (merged.last_column - len(texts)))
    for place in range(merged.first_column - 1, merged.last_column):
        odd.setdefault(place, Odd(Kind.MERGED, merged.place))


def _is_title(texts: list[str], merged: list[Merged]) -> bool:
    """Whether the row is one text over several columns."""
    filled = [column for column, text in enumerate(texts, 1) if text.strip()]
    return len(filled) == 1 and any(
        each.first_column <= filled[0] <= each.last_column and each.first_column < each.last_column
        for each in merged
    )


def _too_large(name: str, how: str) -> ManifestError:
    return ManifestError(
        f"{name} is larger than any table of orders: the sheet {how}; delete what is below and"
        " beside the table, or save it as CSV UTF-8"
    )


@contextmanager
def _seekable(source: Source) -> Iterator[BinaryIO]:
    """The workbook's bytes; one that came packed once more is unpacked first."""
    with source.open() as raw:
        if not source.packed:
            yield raw
            return
        with tempfile.TemporaryFile(prefix="imagemill-") as copy:
            while block := raw.read(1 << 20):
                if copy.write(block) and copy.tell() > _UNPACKED_BYTES:
                    raise ManifestError(f"{source.name} unpacks to more than any workbook has")
            copy.seek(0)
            yield copy


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except ProducerError:
        raise
    except OSError as error:
        if error.errno is not None:  # the disk's, not the file's
            raise
        raise _damaged(name, error) from error
    except Exception as error:  # openpyxl raises whatever a damaged file makes of it
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ManifestError:
    return ManifestError(
        f"{name} cannot be read as a workbook ({type(error).__name__}); open it in Excel and save"
        " it, or save it as CSV UTF-8"
    )
