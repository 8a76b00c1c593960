"""A style pack: what the pictures of one look have in common, under one name."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from schemas.contract import Contract
from schemas.fields import canonical_name
from schemas.toml_value import as_cell


class StylePack(Contract):
    """Words around a prompt, and values for what rows leave empty."""

    prefix: str = Field(default="", description="goes before the prompt")
    suffix: str = Field(default="", description="goes behind the prompt")
    words: dict[str, str] = Field(
        default_factory=dict, description="further words, for templates: {{ pack.light }}"
    )
    values: dict[str, str] = Field(
        default_factory=dict,
        description="fields and parameters by name, as cells; in a file they stand beside the rest",
    )

    @model_validator(mode="before")
    @classmethod
    def _fields_beside_the_rest(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        own = {name: table[name] for name in table if name in cls.model_fields}
        values = dict(own.pop("values", {}))
        for name in (name for name in table if name not in cls.model_fields):
            meaning = canonical_name(name)
            if meaning in values:
                raise ValueError(f"{meaning} is said twice; the second time as {name}")
            try:
                values[meaning] = as_cell(table[name])
            except ValueError as error:
                raise ValueError(f"{name} {error}") from error
        return {**own, "values": dict(sorted(values.items()))}

    def around(self, prompt: str) -> str:
        """The prompt between prefix and suffix, as they are written.

        A blank is put where two words would run together, and nowhere else.
        """
        return _joined(_joined(self.prefix, prompt), self.suffix).strip()


def nearest_to_the_row(
    own: StylePack | None, usual: StylePack | None, said: Mapping[str, Any]
) -> dict[str, Any]:
    """What holds where a row says nothing: its own pack's values, then what is said for all rows.

    The pack of rows that name none comes last, and not at all for a row that names one.
    """
    if own is not None:
        return {**said, **own.values}
    return {**(usual.values if usual is not None else {}), **said}


def _joined(first: str, second: str) -> str:
    apart = first and second and _is_in_a_word(first[-1]) and _is_in_a_word(second[0])
    return f"{first} {second}" if apart else first + second


def _is_in_a_word(character: str) -> bool:
    """Whether blanks part words of such characters; Chinese and Japanese have none."""
    return character.isalnum() and unicodedata.east_asian_width(character) not in "WF"
