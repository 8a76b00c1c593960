"""results.xlsx: the table with the pictures in it, for whoever works in a spreadsheet."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

from xlsxwriter import Workbook

from results.own_columns import own_names
from results.read_ahead import read_ahead
from results.small_pictures import SmallPictures
from results.tables import LINKS, Link, Outcomes, ResultsJsonl, own_cells
from schemas.batch import Batch
from schemas.fields import canonical_name
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage.port import Storage


class BookLimits(NamedTuple):
    """How much one workbook takes."""

    rows: int
    """A sheet's own limit, its header left out (Microsoft: Excel specifications and limits)."""
    pictures: int
    """Pictures shown; later ones are only named. They are held in memory until the end."""


BOOK_LIMITS = BookLimits(rows=1_048_575, pictures=5_000)
"""At about 6 KB a picture the file stays below 40 MB, and spreadsheets still scroll."""
MOST_CHARACTERS = 32_767
"""A cell's limit, in UTF-16 units (likewise)."""
MOST_ADDRESS = 2_079
"""An address's limit (likewise)."""
MOST_LINKED = 65_530
"""Cells with an address that a sheet may have (likewise)."""

PICTURE = "picture"
CELL_PX = 96
_EDGE_PX = 2
_SHOWN_PX = CELL_PX - 2 * _EDGE_PX
_SIDE_PX = 2 * _SHOWN_PX
"""Twice as dense as shown: screens are."""
_POINTS_A_PX = 0.75
_PLAIN_WIDTH, _WIDE_WIDTH = 14, 48
_LONG = frozenset({"prompt", "negative_prompt", "error"})
_NUMBERS = frozenset(
    {"width", "height", "size_bytes", "seed", "cost", "attempts", "possible_double_charges"}
)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
"""What a spreadsheet keeps to the last digit."""
_NO_PATH = re.compile(r"""[#%?\[\]^`{}<>" ]""")
"""What means something else in an address. All other letters stay: spreadsheets show them."""
_LINE_END = re.compile(r"\r\n?")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_COLOURS = {
    JobState.SUCCEEDED: "#1B7F3B",
    JobState.PARTIAL: "#9A6700",
    JobState.FAILED: "#B42318",
    JobState.UNCERTAIN: "#9A6700",
    JobState.CANCELLED: "#57606A",
}


class TooManyRows(Exception):
    """A spreadsheet cannot hold so many."""


class Shown(NamedTuple):
    """What the workbook shows."""

    rows: int
    pictures: int
    not_shown: int
    """Further pictures, which the table only names."""


@dataclass(frozen=True)
class Places:
    """Where a workbook's pictures come from, and where its links lead."""

    storage: Storage
    link: Link | None = None
    """Signs addresses, which get a column of their own."""
    beside: Callable[[str], str | None] = lambda _key: None
    """The way from the workbook to a picture's own file, where it has one."""


def write_workbook(
    results: Iterable[JobResult],
    path: Path,
    batch: Batch,
    places: Places,
    limits: BookLimits = BOOK_LIMITS,
) -> Shown:
    """Write the table with small pictures in it.

    Rows go to disk as they come; the pictures in it are held until the end. The results are read
    once, and kept in a file meanwhile: how many pictures stand side by side must be known first.
    Raises TooManyRows, StorageError, OSError.
    """
    with tempfile.TemporaryDirectory(prefix="imagemill-xlsx-") as folder:
        kept = Path(folder) / "results.jsonl"
        across = _keep(results, kept, limits.rows)
        small = SmallPictures(places.storage, _SIDE_PX)
        shared = _shared(_kept(kept), limits.pictures)
        ahead = read_ahead(shared, lambda one: [small.of(image) for image in one[1]])
        book = _Book(path, batch, across, places, folder)
        with closing(book), closing(ahead):
            for (result, shown), pictures in ahead:
                book.add(result, list(zip(shown, pictures, strict=True)))
    return book.shown


def _keep(results: Iterable[JobResult], path: Path, most: int) -> int:
    """Write the results into a file; the most pictures that one of them has."""
    across = 0
    with closing(ResultsJsonl(path)) as kept:
        for count, result in enumerate(results, 1):
            if count > most:
                raise TooManyRows
            across = max(across, len(result.images))
            kept.add(result)
    return across


def _kept(path: Path) -> Iterator[JobResult]:
    with path.open(encoding="utf-8") as lines:
        yield from map(JobResult.model_validate_json, lines)


def _shared(results: Iterable[JobResult], most: int) -> Iterator[tuple[JobResult, list[Image]]]:
    """Each result with those of its pictures that are to be shown: the first come first."""
    left = most
    for result in results:
        shown = sorted(result.images, key=lambda image: image.index)[:left]
        left -= len(shown)
        yield result, shown


class _Book:
    """One sheet, written row by row."""

    def __init__(self, path: Path, batch: Batch, across: int, places: Places, folder: str) -> None:
        self._columns = tuple(batch.columns)
        self._across = across
        self._places = places
        self._rows = self._pictures = self._unshown = self._linked = 0
        self._book = Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        self._sheet = self._book.add_worksheet("results")
        self._outcomes = Outcomes(batch, places.link)
        self._ours = self._outcomes.columns
        self._text = self._book.add_format({"valign": "vcenter", "text_wrap": True})
        self._number = self._book.add_format({"valign": "vcenter"})
        self._whole = self._book.add_format({"valign": "vcenter", "num_format": "0"})
        self._states = {
            state: self._book.add_format({"valign": "vcenter", "font_color": colour})
            for state, colour in _COLOURS.items()
        }
        self._begin()

    @property
    def shown(self) -> Shown:
        """What was written so far."""
        return Shown(self._rows, self._pictures, self._unshown)

    def add(self, result: JobResult, pictures: Sequence[tuple[Image, bytes | None]]) -> None:
        """Write a row with its small pictures."""
        self._rows += 1
        for column, text in enumerate(own_cells(result, self._columns)):
            self._write(column, text, self._text)
        for place, (image, data) in enumerate(pictures):
            if data is not None:
                self._show(len(self._columns) + place, result, image, data)
        self._unshown += len(result.images) - sum(data is not None for _, data in pictures)
        first = len(self._columns) + self._across
        cells = zip(self._ours, self._outcomes.cells(result), strict=True)
        for column, (name, text) in enumerate(cells, first):
            self._write_own(column, name, text, result)

    def close(self) -> None:
        """Finish the file."""
        last = len(self._columns) + self._across + len(self._ours) - 1
        self._sheet.autofilter(0, 0, self._rows, last)
        # Barcodes are texts, and are to stay so: no green corners.
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{BOOK_LIMITS.rows + 1}"})
        self._book.close()

    def _begin(self) -> None:
        names = [PICTURE, *(f"{PICTURE} {place}" for place in range(2, self._across + 1))]
        ours = own_names(self._columns, (*names[: self._across], *self._ours))
        pictures_from = len(self._columns)
        for column, name in enumerate((*self._columns, *ours)):
            width = _WIDE_WIDTH if canonical_name(name) in _LONG else _PLAIN_WIDTH
            self._sheet.set_column(column, column, width)
        if self._across:
            last = pictures_from + self._across - 1
            self._sheet.set_column_pixels(pictures_from, last, CELL_PX)
            self._sheet.set_default_row(CELL_PX * _POINTS_A_PX)
        bold = self._book.add_format({"bold": True, "bottom": 1})
        self._sheet.set_row(0, 18)
        for column, name in enumerate((*self._columns, *ours)):
            self._sheet.write_string(0, column, sheet_text(name), bold)
        self._sheet.freeze_panes(1, 1)

    def _write(self, column: int, text: str, form: Any) -> None:
        """A text, never a formula or a number, whatever it looks like."""
        if text:
            self._sheet.write_string(self._rows, column, sheet_text(text), form)

    def _write_own(self, column: int, name: str, text: str, result: JobResult) -> None:
        if name in _NUMBERS and _NUMBER.fullmatch(text):
            form = self._number if "." in text else self._whole
            self._sheet.write_number(self._rows, column, float(text), form)
        elif name == LINKS and self._may_link(text):
            self._linked += 1
            self._sheet.write_url(self._rows, column, text, None, text)
        elif name == "status":
            self._write(column, text, self._states.get(result.state, self._text))
        else:
            self._write(column, text, self._text)

    def _may_link(self, text: str) -> bool:
        """Whether it is one address, and one more than the sheet has may be."""
        return (
            bool(text)
            and " " not in text
            and len(text) <= MOST_ADDRESS
            and self._linked < MOST_LINKED
        )

    def _show(self, column: int, result: JobResult, image: Image, data: bytes) -> None:
        scale = _scale(image)
        options: dict[str, Any] = {
            "image_data": BytesIO(data),
            "x_scale": scale,
            "y_scale": scale,
            "x_offset": _EDGE_PX,
            "y_offset": _EDGE_PX,
            "object_position": 1,  # moves with its cell: rows may be sorted and filtered
            "description": sheet_text(f"Picture {image.index} of {result.id}"),
        }
        address = self._address(image)
        if address is not None:
            options["url"] = address
        self._sheet.insert_image(self._rows, column, PurePosixPath(image.key).name, options)
        self._pictures += 1

    def _address(self, image: Image) -> str | None:
        """Where a click on the small picture leads."""
        if self._places.link is not None:
            address: str | None = self._places.link(image.key)
        else:
            path = self._places.beside(image.key)
            address = None if path is None else f"external:{_NO_PATH.sub(_quoted, path)}"
        return address if address is not None and len(address) <= MOST_ADDRESS else None


def _scale(image: Image) -> float:
    """How much the small picture, `_SIDE_PX` long at most, must shrink to fit into its cell."""
    longest_px = max(image.width, image.height, 1)
    return min(1.0, _SHOWN_PX / min(longest_px, _SIDE_PX))


def _quoted(match: re.Match[str]) -> str:
    return quote(match[0])


def sheet_text(text: str) -> str:
    """The text as a cell can hold it: what XML forbids shown as a mark, what is too long cut.

    Lines end as those that are typed into a cell do: XML would not keep any other end.
    """
    clean = _FORBIDDEN.sub("\ufffd", _LINE_END.sub("\n", text))
    if len(clean) * 2 <= MOST_CHARACTERS:
        return clean
    units = clean.encode("utf-16-le")
    if len(units) <= 2 * MOST_CHARACTERS:
        return clean
    return units[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", errors="ignore") + "…"
