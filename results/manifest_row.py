"""Rows as their owner would have written them, had every row and option stood in one CSV."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from results.cell import cell_text
from schemas.batch import Batch
from schemas.catalogue import UnknownModel, catalogue
from schemas.fields import Fields, canonical_name, normal_name, resolve
from schemas.lane import Lane
from schemas.recipe import Recipe
from schemas.result import JobResult

_NO_COLUMNS = ("account", "simulated", "unlisted")
"""What the command line says of a batch that no column could say."""
_SHAPES_KEPT = 1000


class ManifestRows:
    """A batch's rows under one header, in which each can be ordered again as it was.

    Cells go back as they came. A row of JSON lines may name a field otherwise than the header
    does, and a default of the command line stands in no row at all: both are put where they belong,
    as are a template's prompt, a style pack's values and the id a matrix made. A column that only
    `--map` gave a meaning is named after it.
    """

    def __init__(self, batch: Batch) -> None:
        self._defaults = {
            name: value for name, value in batch.defaults.items() if name not in _NO_COLUMNS
        }
        self._said = batch.reading.columns
        self._recipe = batch.recipe or Recipe()
        passing = _distinct(batch.columns)
        found = resolve(tuple(passing), _parameters(), self._said)
        for _, column, _ in found.conflicts:
            del passing[column]
        self._meaning = {column: name for name, column in found.columns.items()}
        self._passing = _telling(passing, self._meaning, self._said)
        said = [*self._defaults, *sorted(self._recipe.pack_values)]
        if self._recipe.writes_prompts:
            said.append("prompt")
        self._added = [name for name in dict.fromkeys(said) if name not in found.columns]
        self._shapes: dict[tuple[str, ...], Fields] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The header: the manifest's own columns, then those only the command line gave."""
        return (*self._passing.values(), *self._added)

    def cells(self, result: JobResult) -> list[str]:
        """A row under that header."""
        own = self._fields(tuple(result.row)).columns
        pack = result.row.get(own["style_pack"]) if "style_pack" in own else None
        unsaid = self._recipe.unsaid(cell_text(pack).strip(), self._defaults)
        cells = []
        for column in self._passing:
            name = self._meaning.get(column)
            value = result.row.get(own.get(name, column) if name else column)
            cells.append(self._cell(name, cell_text(value), unsaid, result))
        return [*cells, *(self._cell(name, "", unsaid, result) for name in self._added)]

    def _fields(self, columns: tuple[str, ...]) -> Fields:
        if columns not in self._shapes:
            if len(self._shapes) >= _SHAPES_KEPT:
                self._shapes.clear()
            self._shapes[columns] = resolve(columns, _parameters(), self._said)
        return self._shapes[columns]

    def _cell(
        self, name: str | None, text: str, unsaid: Mapping[str, Any], result: JobResult
    ) -> str:
        """What the recipe made of a cell, or what it said, or what held where it said nothing."""
        match name:
            case "id" if self._recipe.matrix:
                return result.id
            case "prompt" if self._recipe.writes_prompts:
                return result.prompt
            case "style_pack":
                return ""  # its values are written out, and it may not be there the next time
            case _ if text.strip() or name is None or name not in unsaid:
                return text
            case _:
                return _ordered(name, unsaid, result)


def _ordered(name: str, unsaid: Mapping[str, Any], result: JobResult) -> str:
    """What a row that said nothing ordered; a default its model does not know stays away."""
    lane = Lane.parse(result.lane)
    match name:
        case "n":
            return str(result.n)
        case "model":
            # As it was written: it may name the provider of a model that several have.
            return str(unsaid[name])
        case "provider":
            return lane.provider
        case "prompt":
            return result.prompt
        case "negative_prompt":
            return str(unsaid[name]) if _takes_negative_prompt(lane) else ""
        case _:
            return str(unsaid[name]) if name in result.parameters else ""


def _takes_negative_prompt(lane: Lane) -> bool:
    try:
        return catalogue().find(lane.model, lane.provider).negative_prompt_limit > 0
    except UnknownModel:
        return False


def _distinct(columns: list[str]) -> dict[str, str]:
    """Each column's name in a header where no two may be alike, as JSON lines' keys can be."""
    taken: set[str] = set()
    names = {}
    for place, column in enumerate(columns, 1):
        name, count = column if column.strip() else f"column {place}", 2
        while normal_name(name) in taken:
            name, count = f"{column.strip()} {count}", count + 1
        taken.add(normal_name(name))
        names[column] = name
    return names


def _telling(
    passing: Mapping[str, str], meaning: Mapping[str, str], said: Mapping[str, str]
) -> dict[str, str]:
    """The header's names so that each says by itself what `--map` said its column means."""
    if not said:
        return dict(passing)
    named = {column: meaning[column] for column in passing if meaning.get(column) in said}
    taken = {normal_name(name) for name in named.values()}
    for column, plain in passing.items():
        if column in named:
            continue
        name, count = plain, 2
        # What seems to mean such a field was said not to.
        while canonical_name(name) in said or normal_name(name) in taken:
            name, count = f"{plain} {count}", count + 1
        taken.add(normal_name(name))
        named[column] = name
    return {column: named[column] for column in passing}


@cache
def _parameters() -> frozenset[str]:
    return frozenset(name for model in catalogue() for name in model.parameters)
