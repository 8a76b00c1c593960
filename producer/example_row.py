"""A row that can be ordered, made from what the catalogue says of a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from producer.model_named import full_name
from schemas.catalogue import Catalogue
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from schemas.row_rule import RowRule
from schemas.size import Size, within

_PICTURE = "https://example.com/{}.png"
_SIDES = (512, 768, 1024, 1280, 1536, 2048, 3072, 4096, 256, 128, 64)
_MOST_FILLED = 20
"""Rules fill one field after the other; no model has so many that need each other."""


def template_columns(model: Model) -> tuple[str, ...]:
    """Every column a row for this model may have."""
    columns = ["sku", "model"]
    if model.prompt != "none":
        columns.append("prompt")
    if model.negative_prompt_limit:
        columns.append("negative_prompt")
    if model.max_n > 1:
        columns.append("n")
    return (*columns, *model.parameters)


def example_row(model: Model, catalogue: Catalogue) -> dict[str, Any]:
    """The least a row for this model needs, with values that are allowed."""
    row: dict[str, Any] = {"sku": "SKU-1", "model": full_name(model, catalogue)}
    if model.prompt == "required":
        row["prompt"] = _PROMPT
    for name, parameter in model.parameters.items():
        if parameter.required:
            row[name] = example_value(name, parameter)
    for _ in range(_MOST_FILLED):
        needed = [name for rule in model.rules for name in _needed(rule, row, model)]
        if not needed:
            break
        name = needed[0]
        known = model.parameters.get(name)
        row[name] = example_value(name, known) if known else _PROMPT
    return row


def as_cells(row: dict[str, Any]) -> dict[str, str]:
    """A row's values as a CSV has them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in row.items()
    }


def example_value(name: str, parameter: Parameter) -> Any:
    """A value the parameter takes."""
    if parameter.default is not None:
        return parameter.default
    if parameter.choices and parameter.kind is not Kind.TEXT:
        return parameter.choices[0]
    return _EXAMPLES.get(parameter.kind, _text)(name, parameter)


_PROMPT = "a red cup on a wooden table"


def _text(_name: str, parameter: Parameter) -> str:
    return "example"[: parameter.max_length]


def _texts(_name: str, parameter: Parameter) -> list[str]:
    return ["example"] * (parameter.min_items or 1)


def _picture(name: str, _parameter: Parameter) -> str:
    return _PICTURE.format(name)


def _pictures(name: str, parameter: Parameter) -> list[str]:
    least = parameter.min_items or 1
    return [_PICTURE.format(f"{name}-{number}") for number in range(1, least + 1)]


def _number(_name: str, parameter: Parameter) -> float:
    return parameter.minimum or 0


def _integer(_name: str, parameter: Parameter) -> int:
    low, step = int(parameter.minimum or 0), parameter.step or 1
    return -(-low // step) * step


def _size(_name: str, parameter: Parameter) -> str:
    sizes = [Size(width, height) for width in _SIDES for height in _SIDES]
    sizes.sort(key=lambda size: size.width != size.height)
    found = next(size for size in sizes if within(size, parameter))
    return f"{found.width}x{found.height}"


def _switch(_name: str, _parameter: Parameter) -> bool:
    return True


def _structure(_name: str, _parameter: Parameter) -> list[Any]:
    return []


_EXAMPLES: dict[Kind, Callable[[str, Parameter], Any]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.SIZE: _size,
    Kind.PICTURE: _picture,
    Kind.PICTURES: _pictures,
    Kind.TEXTS: _texts,
    Kind.STRUCTURE: _structure,
}


def _needed(rule: RowRule, row: dict[str, Any], model: Model) -> list[str]:
    """The empty fields of a rule that does not hold; none where filling would not help."""
    defaults = {
        name: parameter.default
        for name, parameter in model.parameters.items()
        if parameter.default is not None
    }
    if rule.broken_by(row, defaults) is None or rule.kind in ("at_most_one", "excludes"):
        return []
    return [name for name in rule.fields if row.get(name) is None]
