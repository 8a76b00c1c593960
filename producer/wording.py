"""How a row's prompt and its pictures' names are worded, where more is said than its cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from producer.column_names import ColumnNames, column_names
from producer.prompt_template import Template
from producer.row import Row
from schemas.fields import Fields
from schemas.layout import safe_name
from schemas.style_pack import StylePack

ROW = "row"
"""In a template: the whole row, for columns whose names are no words: row["Größe (cm)"]."""
PACK = "pack"
"""In a template: the further words of the row's style pack."""
ID = "id"
"""In a template for names: the job's id, with what a matrix adds to the row's."""
_KEPT = 1000
"""Headers remembered; JSON lines could bring a new one with every row."""


class Wording:
    """Templates for prompts and for names; without them a row's own words count."""

    def __init__(self, template: Template | None = None, naming: Template | None = None) -> None:
        self.template = template
        self.naming = naming
        self._headers: dict[tuple[str, ...], ColumnNames] = {}

    def check_header(self, columns: tuple[str, ...], fields: Fields, *, packs: bool) -> None:
        """Raises ManifestError for names in a template that no row below this header will have."""
        for template in self._templates():
            template.check_names(self._names(columns, fields), _further(packs=packs))

    def cautions(self, columns: tuple[str, ...], fields: Fields, *, packs: bool) -> list[str]:
        """What to say once of names a template asks for although no row will ever have them."""
        names = self._names(columns, fields)
        return [
            caution
            for template in self._templates()
            for caution in template.defaults_for_all(names, _further(packs=packs))
        ]

    def columns_used(self, columns: tuple[str, ...], fields: Fields) -> frozenset[str]:
        """The columns of a header that templates name."""
        names = self._names(columns, fields).columns
        return frozenset(
            names[name] for each in self._templates() for name in each.names if name in names
        )

    def prompt(self, row: Row, fields: Fields, pack: StylePack | None) -> str:
        """What the template makes of a row. Raises TemplateFault."""
        assert self.template is not None
        return self._rendered(self.template, row, fields, pack, {})

    def stem(self, row: Row, fields: Fields, pack: StylePack | None, identity: str) -> str:
        """The name of the pictures of the job with that id; empty where the template gives none.

        Raises TemplateFault.
        """
        if self.naming is None:
            return safe_name(identity)
        text = self._rendered(self.naming, row, fields, pack, {ID: identity})
        return safe_name(text) if text else ""

    def _rendered(
        self,
        template: Template,
        row: Row,
        fields: Fields,
        pack: StylePack | None,
        more: Mapping[str, str],
    ) -> str:
        names = self._names(row.columns, fields)
        values: dict[str, Any] = {}
        if ROW in template.names:
            values[ROW] = {column: _value(cell) for column, cell in row.cells.items()}
        if PACK in template.names:
            values[PACK] = {} if pack is None else pack.words
        for name in template.names:
            column = names.columns.get(name)
            if column is not None:
                values[name] = _value(row.cells[column])
        return template.render({**values, **more}, names)

    def _templates(self) -> Iterator[Template]:
        return (each for each in (self.template, self.naming) if each is not None)

    def _names(self, columns: tuple[str, ...], fields: Fields) -> ColumnNames:
        found = self._headers.get(columns)
        if found is None:
            if len(self._headers) >= _KEPT:
                self._headers.clear()
            found = self._headers[columns] = column_names(columns, fields)
        return found


def _further(*, packs: bool) -> tuple[str, ...]:
    return (ROW, PACK) if packs else (ROW,)


def _value(cell: Any) -> Any:
    """A cell as templates see it: without blanks around it, and empty where there is nothing."""
    if cell is None:
        return ""
    return cell.strip() if isinstance(cell, str) else cell
