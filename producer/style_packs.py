"""Style packs: read from a file, checked before any row, and chosen for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from producer.default_values import Defaults
from producer.defaults import check_model, parse_value
from producer.errors import ManifestError, OptionError
from producer.problem import Problem, is_blank, shown
from producer.row import Row
from producer.toml_file import read_toml, wrong
from schemas.catalogue import Catalogue
from schemas.parameter import nearest
from schemas.style_pack import StylePack, nearest_to_the_row

_OWN_KEYS = ("prefix", "suffix", "words")


class StylePacks:
    """The packs there are, and which of them rows have that name none."""

    def __init__(
        self, packs: Mapping[str, StylePack] | None = None, usual: str | None = None
    ) -> None:
        self.packs = dict(packs or {})
        self.usual = usual

    def __bool__(self) -> bool:
        return bool(self.packs)

    def may_say(self, name: str) -> bool:
        """Whether some pack has a value for that field."""
        return any(name in pack.values for pack in self.packs.values())

    def check(self, catalogue: Catalogue) -> None:
        """Raises OptionError for a value that could fit no row, and for a usual pack there is not."""
        for name, pack in self.packs.items():
            for field, value in pack.values.items():
                parse_value(f"style pack {shown(name)},", field, value, catalogue, _OWN_KEYS)
            if "model" in pack.values or "provider" in pack.values:
                place = f"style pack {shown(name)}"
                check_model(pack.values, catalogue, (f"{place}, model", f"{place}, provider"))
        if self.usual is not None and self.usual not in self.packs:
            raise OptionError(f'--style-pack: "{shown(self.usual)}" {self.no_such(self.usual)}')

    def no_such(self, name: str) -> str:
        """What to say of a pack there is not."""
        if not self.packs:
            return "names a style pack, and there are none; say --style-packs FILE"
        hint = nearest(name, list(self.packs)) or f"; there are: {', '.join(self.packs)}"
        return f"is no style pack{hint}"


class Pack(NamedTuple):
    """What a row is ordered with."""

    name: str | None
    """As its cell has it; None: the usual one, or none at all."""
    style: StylePack | None
    defaults: Defaults
    """What holds where the row says nothing."""


class PackChoice:
    """Chooses each row's pack, and remembers which were chosen."""

    def __init__(self, packs: StylePacks, said: Defaults) -> None:
        """`said` holds for all rows."""
        self._packs = packs
        self._said = said
        self._chosen: dict[str | None, Pack] = {}

    @property
    def used(self) -> dict[str, StylePack]:
        """The packs that rows are ordered with, by name."""
        names = {name or self._packs.usual for name in self._chosen}
        return {name: pack for name, pack in self._packs.packs.items() if name in names}

    @property
    def usual(self) -> Pack:
        """What rows are ordered with that name no pack."""
        name = self._packs.usual
        pack = self._packs.packs.get(name) if name is not None else None
        if name is None or pack is None:
            return Pack(None, None, self._said)
        values = nearest_to_the_row(None, pack, self._said.values)
        left = pack.values.keys() - self._said.values.keys()
        return Pack(None, pack, Defaults(values, {**self._said.places, **_places(name, left)}))

    def of(self, row: Row, column: str | None, problems: list[Problem]) -> Pack:
        """The pack that a row's cell names; one there is not is a problem of the row's."""
        raw = row.cells[column] if column is not None else None
        name = None if is_blank(raw) else str(raw).strip()
        found = self._chosen.get(name)
        if found is not None:
            return found
        if name is not None and name not in self._packs.packs:
            problems.append(row.problem(column, raw, self._packs.no_such(name)))
            return self.usual
        found = self._chosen[name] = self.usual if name is None else self._own(name)
        return found

    def _own(self, name: str) -> Pack:
        pack = self._packs.packs[name]
        values = nearest_to_the_row(pack, None, self._said.values)
        places = {**self._said.places, **_places(name, pack.values)}
        return Pack(name, pack, Defaults(values, places))


def _places(pack: str, fields: Iterable[str]) -> dict[str, str]:
    return {field: f"style pack {pack}, {field}" for field in fields}


def read_style_packs(path: Path) -> dict[str, StylePack]:
    """The packs of a file: a table for each. Raises ManifestError."""
    return packs_from(path.name, read_toml(path))


def packs_from(file: str, tables: Mapping[str, object]) -> dict[str, StylePack]:
    """The packs that tables describe, by name. Raises ManifestError."""
    found = {}
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise ManifestError(
                f"{file}: {shown(name)} stands outside of a pack; begin one with a line such as [studio]"
            )
        try:
            found[name.strip()] = StylePack.model_validate(table)
        except ValidationError as error:
            raise wrong(f"{file}, [{shown(name)}]", error, lambda _: _OWN_KEYS) from error
    return found
