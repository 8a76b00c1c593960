"""Which column means what: header names, their aliases and the models' parameters."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
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
    "style_pack": ("style_pack", "风格包"),
}
SPARE: dict[str, tuple[str, ...]] = {
    "id": (
        "sku_id", "item_id", "item_number", "product_code", "product_number", "article_number",
        "barcode", "ean", "gtin", "upc", "商品编号", "产品编码", "产品编号", "货号", "款号", "编号",
        "sku编码", "条码", "条形码", "商品条码",
    ),
    "prompt": ("positive_prompt", "正向提示词", "图片描述", "画面描述", "描述"),
    "negative_prompt": ("负面提示词", "负向提示词", "反向词"),
    "size": ("图片尺寸", "图像尺寸", "分辨率"),
    "n": ("qty", "quantity", "number_of_images", "张数", "图片数量", "生成数量"),
    "seed": ("种子", "随机种子"),
    "style": ("画风", "图片风格"),
    "model": ("模型名称",),
    "account": ("账号", "账户"),
}  # fmt: skip
"""Names that mean a field only where no other column does: a table may well have a barcode or a
stock beside them."""
EVERYDAY = frozenset({"title", "sub_title", "body_text", "text", "user", "angle", "background"})
"""Parameters of some model that are columns of any product table too: where a row's model does not
take them they are the user's own and pass through."""
_CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_SPARE = {alias: name for name, aliases in SPARE.items() for alias in aliases}
_SEPARATORS = re.compile(r"[\s_\-\ufeff]+")
_NOTE = re.compile(r"[*＊]+|[(（【\[]_?(?:必填|选填|可选|required|optional)_?[)）】\]]")
"""What a form writes beside the name of a column."""


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
        first, _, name = self.conflicts[0]
        said = shlex.quote(f"{name}={first}")
        return f"{pairs}; rename or remove one, or say which it is: --map {said}"


def normal_name(column: str) -> str:
    """A header's name without what case, spaces, hyphens and underscores make of it."""
    return _SEPARATORS.sub("_", column.strip().casefold()).strip("_")


def canonical_name(column: str) -> str:
    """The field a column's name or alias stands for, or the name itself in its normal form."""
    name = normal_name(column)
    if name not in _CANONICAL and name not in _SPARE:
        name = _NOTE.sub("", name).strip("_") or name
    return _CANONICAL.get(name) or _SPARE.get(name) or name


def is_field(column: str) -> bool:
    """Whether a column's name is one we know whatever the model."""
    return canonical_name(column) in ALIASES


def resolve(
    columns: Sequence[str],
    parameters: Collection[str],
    said: Mapping[str, str] | None = None,
) -> Fields:
    """What each column means; `parameters` are the names some model knows.

    `said` is what the user says of it: the column of a field, or nothing for a field that no
    column is.
    """
    said = said or {}
    found = _said(columns, said)
    taken = {normal_name(column) for column in found.values()}
    names = [(column, normal_name(column)) for column in columns]
    names = [(column, name) for column, name in names if name not in taken]
    plain = {name for _, name in names}
    conflicts: list[tuple[str, str, str]] = []
    spare = []
    for column, name in names:
        meaning = canonical_name(column)
        if meaning not in ALIASES and meaning not in parameters:
            continue
        if meaning in said or (name != meaning and meaning in plain):
            continue  # beside a prompt column, a description is the user's own business
        if _is_spare(name, meaning):
            spare.append((column, meaning))
        else:
            _take(column, meaning, found, conflicts)
    known = frozenset(found)
    for column, meaning in spare:
        if meaning not in known:
            _take(column, meaning, found, conflicts)
    return Fields(found, tuple(conflicts))


def _said(columns: Sequence[str], said: Mapping[str, str]) -> dict[str, str]:
    """The columns of the header that somebody gave a meaning."""
    there = {normal_name(column): column for column in columns}
    meant = {name: there.get(normal_name(column)) for name, column in said.items() if column}
    return {name: column for name, column in meant.items() if column is not None}


def _is_spare(name: str, meaning: str) -> bool:
    return meaning in SPARE and _NOTE.sub("", name).strip("_") in SPARE[meaning]


def _take(
    column: str, meaning: str, found: dict[str, str], conflicts: list[tuple[str, str, str]]
) -> None:
    if meaning in found:
        conflicts.append((found[meaning], column, meaning))
    else:
        found[meaning] = column
