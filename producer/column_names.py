"""What a template may call the columns of a header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from producer.problem import shown
from schemas.fields import Fields, canonical_name, is_field, normal_name
from schemas.parameter import nearest

_LISTED = 30
"""Names a message lists; a product table may have hundreds of columns."""


class ColumnNames(NamedTuple):
    """The names of one header's columns."""

    columns: dict[str, str]
    """Name -> column: by its own name, by that in its normal form, by the field it is, without what
    a form notes beside it."""
    listed: tuple[str, ...]
    """Each column once, as a template writes it."""

    def there_is_no(self, name: str, further: Sequence[str] = ()) -> str:
        """What to say of a name that is none of these, nor of the further ones."""
        return f"there is no {shown(name)}{nearest(name, [*self.columns, *further])}"

    def there_is(self) -> str:
        """The columns, as a sentence."""
        more = len(self.listed) - _LISTED
        text = ", ".join(map(shown, self.listed[:_LISTED])) or "nothing"
        return f"There is: {text}{f' and {more} more' if more > 0 else ''}"


def column_names(columns: Sequence[str], fields: Fields) -> ColumnNames:
    """The names that a template may use of these columns; the column's own comes first."""
    names: dict[str, str] = {}
    for column in columns:
        names.setdefault(column.strip(), column)
    for column in columns:
        names.setdefault(normal_name(column), column)
    for field, column in fields.columns.items():
        names.setdefault(field, column)
    for column in columns:
        if not is_field(column):  # what a field is called is that field
            names.setdefault(canonical_name(column), column)
    return ColumnNames(names, tuple(_written(column, names) for column in columns))


def _written(column: str, names: dict[str, str]) -> str:
    for name in (column.strip(), normal_name(column), canonical_name(column)):
        if name.isidentifier() and names.get(name) == column:
            return name
    return f'row["{column}"]'
