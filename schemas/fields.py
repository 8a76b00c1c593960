"""Which column means what: header names, their aliases and the models' parameters."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "sku", "custom_id", "product_id", "external_id", "row_id", "商品编码"),
    "prompt": ("prompt", "提示词", "文案", "description"),
    "negative_prompt": ("negative_prompt", "反向提示词"),
    "size": ("size", "尺寸"),
    "n": ("n", "count", "output_count", "num_images", "数量"),
    "seed": ("seed",),
    "style": ("style", "风格"),
    "model": ("model", "模型"),
    "provider": ("provider",),
    "account": ("account",),
}
EVERYDAY = frozenset({"title", "sub_title", "body_text", "text", "user"})
"""Parameters of some model that are columns of any product table too: where a row's model does not
take them they are the user's own and pass through."""
_CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_SEPARATORS = re.compile(r"[\s_\-\ufeff]+")


@dataclass(frozen=True, slots=True)
class Fields:
    """What the columns of one header mean; columns without a meaning pass through."""

    columns: dict[str, str] = field(default_factory=dict)
    """Field or parameter -> the column that holds it, as the header has it."""
    conflicts: tuple[tuple[str, str, str], ...] = ()
    """Pairs of columns that mean the same, with what they mean."""

    @property
    def clash(self) -> str | None:
        """The conflicts as a sentence."""
        if not self.conflicts:
            return None
        pairs = "; ".join(
            f"columns {first!r} and {second!r} both mean {name}"
            for first, second, name in self.conflicts
        )
        return f"{pairs}; rename or remove one"


def normal_name(column: str) -> str:
    """A header's name without what case, spaces, hyphens and underscores make of it."""
    return _SEPARATORS.sub("_", column.strip().casefold()).strip("_")


def canonical_name(column: str) -> str:
    """The field a name or alias stands for, or the name itself in its normal form."""
    name = normal_name(column)
    return _CANONICAL.get(name, name)


def is_field(column: str) -> bool:
    """Whether a column's name is one we know whatever the model."""
    return normal_name(column) in _CANONICAL


def resolve(columns: Sequence[str], parameters: Collection[str]) -> Fields:
    """What each column means; `parameters` are the names some model knows."""
    names = [(column, normal_name(column)) for column in columns]
    plain = {name for _, name in names}
    found: dict[str, str] = {}
    conflicts = []
    for column, name in names:
        meaning = _CANONICAL.get(name) or (name if name in parameters else None)
        if meaning is None or (name != meaning and meaning in plain):
            continue  # beside a prompt column, a description is the user's own business
        if meaning in found:
            conflicts.append((found[meaning], column, meaning))
        else:
            found[meaning] = column
    return Fields(found, tuple(conflicts))
