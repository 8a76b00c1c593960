"""The tables of a batch: results.jsonl for programs, results.csv for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from results.cell import cell_text, guarded
from results.own_columns import own_names
from results.remarks import remarks
from results.sheet import Sheet
from results.words import explain, first_failure
from schemas.money import to_text
from schemas.result import JobResult

OUTCOME_COLUMNS = (
    "status",
    "images",
    "width",
    "height",
    "size_bytes",
    "seed",
    "cost",
    "currency",
    "error",
    "error_class",
    "attempts",
    "possible_double_charges",
    "ticket",
    "started_at",
    "finished_at",
    "beside",
    "renditions",
    "facts",
    "reused_from",
    "remarks",
)
LINKS = "links"
"""Beside the pictures' keys, where addresses are signed for them."""
_LINKS_AT = OUTCOME_COLUMNS.index("images") + 1
_SEPARATOR = " | "

Link = Callable[[str], str]
"""Where the object with a key can be fetched."""


class Table(Protocol):
    """A file that takes one result after the other and ends with `close`."""

    def add(self, result: JobResult) -> None:
        """Write what the table says of this result."""

    def close(self) -> None:
        """Finish the file."""


class ResultsJsonl:
    """results.jsonl: every result, whole, a line each. The truth; the other tables are views."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, result: JobResult) -> None:
        """Write the result as one line."""
        self._file.write(result.model_dump_json() + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class ResultsCsv:
    """results.csv: the manifest's own columns, then what became of each row."""

    def __init__(self, path: Path, columns: Sequence[str], link: Link | None = None) -> None:
        self._columns = tuple(columns)
        self._link = link
        self._sheet = Sheet(path)
        ours = own_names(columns, outcome_columns(linked=link is not None))
        self._sheet.write(map(guarded, (*columns, *ours)))

    def add(self, result: JobResult) -> None:
        """Write the row and its outcome, guarded against formulas."""
        cells = *own_cells(result, self._columns), *outcome_cells(result, self._link)
        self._sheet.write(map(guarded, cells))

    def close(self) -> None:
        """Finish the file."""
        self._sheet.close()


def own_cells(result: JobResult, columns: Sequence[str]) -> list[str]:
    """The manifest's own cells of a row, as they came."""
    return [cell_text(result.row.get(column)) for column in columns]


def outcome_columns(*, linked: bool) -> tuple[str, ...]:
    """What is told of each row; `linked`: with addresses to fetch its pictures from."""
    if not linked:
        return OUTCOME_COLUMNS
    return (*OUTCOME_COLUMNS[:_LINKS_AT], LINKS, *OUTCOME_COLUMNS[_LINKS_AT:])


def outcome_cells(result: JobResult, link: Link | None = None) -> tuple[str, ...]:
    """The cells below `outcome_columns`."""
    cells = _outcome(result)
    if link is None:
        return cells
    images = sorted(result.images, key=lambda image: image.index)
    links = _SEPARATOR.join(link(image.key) for image in images)
    return (*cells[:_LINKS_AT], links, *cells[_LINKS_AT:])


def _outcome(result: JobResult) -> tuple[str, ...]:
    images = sorted(result.images, key=lambda image: image.index)
    failure = first_failure(result)
    seeds = [cell_text(image.seed) for image in images]
    return (
        result.state,
        _SEPARATOR.join(image.key for image in images),
        _once_or_each([str(image.width) for image in images]),
        _once_or_each([str(image.height) for image in images]),
        _SEPARATOR.join(str(image.size_bytes) for image in images),
        _SEPARATOR.join(seeds) if any(seeds) else "",
        to_text(result.cost_micro),
        result.currency,
        explain(result),
        failure.error_class if failure else "",
        str(result.attempts),
        str(result.possible_double_charges),
        result.ticket or "",
        result.submitted_at or "",
        result.finished_at or "",
        _SEPARATOR.join(along.key for image in images for along in image.beside),
        _SEPARATOR.join(each.key for image in images for each in image.renditions),
        facts_text(result),
        result.reused_from or "",
        remarks(result),
    )


def facts_text(result: JobResult) -> str:
    """What the provider told besides pictures, as JSON; empty where it told nothing."""
    return json.dumps(result.facts, ensure_ascii=False) if result.facts else ""


def _once_or_each(texts: list[str]) -> str:
    """One text where all are alike, as the sizes of a job's images are; else all of them."""
    return texts[0] if len(set(texts)) == 1 else _SEPARATOR.join(texts)
