"""What the command line says of columns: `--map prompt=文案`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from producer.errors import ManifestError, OptionError
from producer.plan import parameter_names
from producer.problem import shown
from schemas.catalogue import Catalogue
from schemas.fields import ALIASES, canonical_name, is_field, normal_name
from schemas.parameter import nearest

TABLE = "[map]"
"""In a batch file."""


def column_map(
    texts: Iterable[str], catalogue: Catalogue, table: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Field or parameter -> column, of every `--map`, which win over a batch file's [map].

    No column: none holds it. Raises OptionError with what to write.
    """
    typed = [(f"--map {shown(text)}", *_parse(text, catalogue)) for text in texts]
    written = [
        (f"{TABLE} {shown(name)}", _known(TABLE, name, column.strip(), catalogue), column.strip())
        for name, column in (table or {}).items()
    ]
    found = _each_once(typed)
    typed_columns = {normal_name(column) for column in found.values() if column}
    for name, column in _each_once(written).items():
        if normal_name(column) not in typed_columns:
            found.setdefault(name, column)
    return found


def _each_once(said: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Field -> column, of what was said where. Raises OptionError."""
    found: dict[str, str] = {}
    for place, name, column in said:
        if name in found:
            raise OptionError(f"{place.split()[0]} {name} is said twice; one column is the {name}")
        if column and normal_name(column) in map(normal_name, filter(None, found.values())):
            raise OptionError(f"{place}: another {place.split()[0]} has that column already")
        found[name] = column
    return found


def check_columns(said: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises ManifestError for a column that the header does not have."""
    known = {normal_name(column): column for column in columns}
    for name, column in said.items():
        if column and normal_name(column) not in known:
            near = difflib.get_close_matches(normal_name(column), list(known), 1)
            hint = f"; did you mean {known[near[0]]}?" if near else ""
            has = ", ".join(map(shown, columns))
            raise ManifestError(
                f"--map {name}={shown(column)}: there is no such column{hint or f'; it has: {has}'}"
            )


def _parse(text: str, catalogue: Catalogue) -> tuple[str, str]:
    written, equals, column = text.partition("=")
    if not equals or not canonical_name(written):
        raise OptionError(
            f"--map {shown(text)} has no column; write --map prompt=文案, the field first"
        )
    return _known("--map", written, column.strip(), catalogue), column.strip()


def _known(place: str, written: str, column: str, catalogue: Catalogue) -> str:
    """The field that is meant. Raises OptionError for what is none."""
    name = canonical_name(written)
    known = sorted({*ALIASES, *parameter_names(catalogue)})
    if name not in known:
        hint = nearest(name, known)
        if not hint and is_field(column):
            hint = f"; did you mean {place} {canonical_name(column)}={shown(written.strip())}?"
        hint = hint or "; `imagemill models NAME` shows those of a model"
        raise OptionError(f"{place} {shown(written)}: there is no such field{hint}")
    if name == "id" and not column:
        raise OptionError(f"{place} id: every row needs an id; name the column that has it")
    return name
