"""Values a parameter does not take, made from what the catalogue says it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from producer.example_row import example_row, example_value
from producer.model_named import full_name
from producer.plan import n_parameter
from schemas.catalogue import catalogue
from schemas.fields import EVERYDAY
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from schemas.row_rule import ANY, RowRule
from schemas.size import Size, within

_ODD_SIZES = [
    Size(width, height)
    for width in (16, 100, 333, 500, 1001, 1999, 4097, 8192)
    for height in (16, 333, 4097, 8192)
]


def good_row(model: Model) -> dict[str, Any]:
    """The least a row needs."""
    return example_row(model, catalogue())


def beyond(parameter: Parameter) -> Iterator[Any]:
    """Just below the least and just above the most."""
    by: float = (parameter.step or 1) if parameter.kind is Kind.INTEGER else 0.01
    match parameter.kind:
        case Kind.INTEGER | Kind.NUMBER:
            if parameter.minimum is not None:
                yield parameter.minimum - by
            if parameter.maximum is not None:
                yield parameter.maximum + by
        case Kind.SIZE:
            yield from (f"{s.width}x{s.height}" for s in _ODD_SIZES if not _takes(parameter, s))
        case Kind.PICTURES | Kind.TEXTS if parameter.max_items is not None:
            (one, *_) = example_value("x", parameter.model_copy(update={"min_items": 1}))
            yield [one] * (parameter.max_items + 1)
        case Kind.TEXT if parameter.max_length is not None:
            yield "x" * (parameter.max_length + 1)


def nonsense(parameter: Parameter) -> Iterator[Any]:
    """What no such parameter could be."""
    match parameter.kind:
        case Kind.INTEGER | Kind.NUMBER:
            yield from ("many", [1], True)
        case Kind.SWITCH:
            yield "perhaps"
        case Kind.SIZE | Kind.RATIO:
            yield from ("large", "16/9", "999:1")
        case Kind.PICTURE:
            yield from ("http://", "https:///cup.png", 5, "no such picture")
        case Kind.PICTURES:
            yield from ("http://", [5], "no such picture|https://example.com/cup.png")
        case Kind.TEXTS:
            yield from ("[1, 2]", '["open')
        case Kind.STRUCTURE:
            yield from ("[[1, 2", "plain words", "5")
        case Kind.TEXT:
            yield ["a", "list"]


def all_parameters(model: Model) -> dict[str, Parameter]:
    """The model's own, and how many pictures."""
    return {**model.parameters, "n": n_parameter(model)}


def strangers(model: Model) -> list[tuple[str, Any]]:
    """Fields of other models, each with a value it would take there."""
    own = {*model.parameters, *(also for p in model.parameters.values() for also in p.also)}
    found = {
        name: example_value(name, parameter)
        for other in catalogue()
        for name, parameter in other.parameters.items()
        if name not in own and name not in EVERYDAY
    }
    return list(found.items())


def breaking(rule: RowRule, model: Model) -> dict[str, Any]:
    """The least row with the rule broken."""
    row = good_row(model)
    for name, value in rule.when.items():
        row[name] = _value(name, model) if value in (None, ANY) else value
    if rule.above_pixels is not None:
        row["size"] = _larger(model, rule.above_pixels)
    match rule.kind:
        case "at_least_one" | "needs":
            dropped = [name for name in rule.fields if name not in rule.when]
            return {name: value for name, value in row.items() if name not in dropped}
        case "together":
            first, *rest = rule.fields
            row = {name: value for name, value in row.items() if name not in rest}
            return {**row, first: _value(first, model)}
        case _:
            return {**{name: _value(name, model) for name in rule.fields}, **row}


def named(model: Model) -> str:
    """The name that means this model and no other."""
    return full_name(model, catalogue())


def _value(name: str, model: Model) -> Any:
    known = model.parameters.get(name)
    return example_value(name, known) if known else "a red cup"


def _takes(parameter: Parameter, size: Size) -> bool:
    names = {f"{size.width}{mark}{size.height}" for mark in "*x"}
    bounded = parameter.minimum or parameter.maximum or parameter.min_pixels or parameter.max_pixels
    return bool(names & {*parameter.choices}) or (bool(bounded) and within(size, parameter))


def _larger(model: Model, pixels: int) -> str:
    parameter = model.parameters["size"]
    sides = range(512, 4097, 256)
    sizes = (Size(side, side) for side in sides if side * side > pixels)
    found = next(size for size in sizes if _takes(parameter, size))
    return f"{found.width}x{found.height}"
