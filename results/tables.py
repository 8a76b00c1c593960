"""The tables of a batch: results.jsonl for programs, results.csv for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from results.cell import cell_text, guarded
from results.own_columns import ORDERED_AS, own_names
from results.remarks import remarks
from results.sheet import Sheet
from results.words import explain, first_failure
from schemas.batch import Batch
from schemas.money import to_text
from schemas.result import Image, JobResult

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

    def __init__(self, path: Path, batch: Batch, link: Link | None = None) -> None:
        self._columns = tuple(batch.columns)
        self._outcomes = Outcomes(batch, link)
        self._sheet = Sheet(path)
        ours = own_names(self._columns, self._outcomes.columns)
        self._sheet.write(map(guarded, (*self._columns, *ours)))

    def add(self, result: JobResult) -> None:
        """Write the row and its outcome, guarded against formulas."""
        cells = *own_cells(result, self._columns), *self._outcomes.cells(result)
        self._sheet.write(map(guarded, cells))

    def close(self) -> None:
        """Finish the file."""
        self._sheet.close()


def own_cells(result: JobResult, columns: Sequence[str]) -> list[str]:
    """The manifest's own cells of a row, as they came."""
    return [cell_text(result.row.get(column)) for column in columns]


class Outcomes:
    """What is told of each order of a batch, beside the manifest's own cells."""

    def __init__(self, batch: Batch, link: Link | None = None) -> None:
        """With a `link` the addresses to fetch pictures from are told, too."""
        columns = list(OUTCOME_COLUMNS)
        if link is not None:
            columns.insert(columns.index("images") + 1, LINKS)
        if batch.recipe and batch.recipe.matrix:  # each row makes several
            columns.insert(0, ORDERED_AS)
        self.columns = tuple(columns)
        self._link = link

    def cells(self, result: JobResult) -> list[str]:
        """The cells below `columns`."""
        told = dict(zip(OUTCOME_COLUMNS, outcome_cells(result), strict=True))
        told[ORDERED_AS] = result.id
        if self._link is not None:
            told[LINKS] = _SEPARATOR.join(self._link(image.key) for image in _in_order(result))
        return [told[column] for column in self.columns]


def outcome_cells(result: JobResult) -> tuple[str, ...]:
    """The cells below `OUTCOME_COLUMNS`."""
    images = _in_order(result)
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


def _in_order(result: JobResult) -> list[Image]:
    return sorted(result.images, key=lambda image: image.index)


def facts_text(result: JobResult) -> str:
    """What the provider told besides pictures, as JSON; empty where it told nothing."""
    return json.dumps(result.facts, ensure_ascii=False) if result.facts else ""


def _once_or_each(texts: list[str]) -> str:
    """One text where all are alike, as the sizes of a job's images are; else all of them."""
    return texts[0] if len(set(texts)) == 1 else _SEPARATOR.join(texts)
