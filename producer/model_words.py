"""What the catalogue says of a model, in words: for the terminal and for docs/models.md."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from producer.example_row import as_cells, example_row, template_columns
from schemas.catalogue import Catalogue
from schemas.model import SHAPES, Model, PriceTier
from schemas.money import to_micro, to_text
from schemas.parameter import Kind, Parameter
from schemas.row_rule import ANY, RowRule


class Field(NamedTuple):
    """One column a row for a model may have."""

    column: str
    what: str
    allowed: str
    when_empty: str


def price(model: Model) -> str:
    """What a picture costs at the plain price, without the date."""
    if model.price or model.price_tiers:
        return f"{to_text(model.price_micro)} {model.currency}"
    return "free trial" if model.trial_only or model.retired is not None else "free"


def dated_price(model: Model) -> str:
    """What it costs, for what, and since when that is known."""
    unit = ("a picture" if model.draws else "a request") if model.price else ""
    return f"{price(model)} {unit}".strip() + f" ({model.price_as_of})"


def tiers(model: Model) -> list[str]:
    """Prices of some orders, in words; of several that fit, the last counts."""
    return [_tier(tier, model) for tier in model.price_tiers]


def status(model: Model, today: date) -> str:
    """Whether it can be ordered from, and what takes its place."""
    if model.retired is not None:
        then = f", then {model.successor}" if model.successor else ""
        return f"{'retired' if today >= model.retired else 'retires'} {model.retired}{then}"
    return "trial only" if model.trial_only else "available"


def limits(model: Model) -> str:
    """How fast it may be asked, in words."""
    at_once = "requests open at once" if model.synchronous else "running at once"
    return f"{model.rate} orders, {model.running} {at_once}"


def answer(model: Model) -> str:
    """How and where the pictures come."""
    if model.result in ("inline", "facts"):
        return SHAPES[model.result]
    way = "in the answer to the order" if model.synchronous else "when its task is done"
    return f"{way}, {SHAPES[model.result]}"


def rules(model: Model) -> list[str]:
    """What its fields must be to each other, a sentence each; the same for several values is one."""
    alike: dict[tuple[object, ...], list[RowRule]] = {}
    for rule in model.rules:
        key = (rule.kind, rule.fields, rule.why, rule.above_pixels, tuple(rule.when))
        alike.setdefault(key if len(rule.when) == 1 else (id(rule),), []).append(rule)
    return [_rule(found) for found in alike.values()]


def fields(model: Model) -> Iterator[Field]:
    """The columns a row for this model may have."""
    yield Field("sku", "id of the row: SKU or any name", "at most 128 characters", "required")
    if model.prompt != "none":
        empty = "required" if model.prompt == "required" else ""
        yield Field("prompt", "what to draw", _limit(model, model.prompt_limit), empty)
    if model.negative_prompt_limit:
        words = _limit(model, model.negative_prompt_limit)
        yield Field("negative_prompt", "what not to draw", words, "")
    if model.max_n > 1:
        yield Field("n", "pictures", f"1 to {model.max_n}", "1")
    for name, parameter in model.parameters.items():
        yield Field(name, _what(parameter), parameter.allowed(), _when_empty(parameter))


def csv_template(model: Model, catalogue: Catalogue) -> str:
    """A header with every column, and a row below it that can be ordered."""
    columns, cells = template_columns(model), as_cells(example_row(model, catalogue))
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerow([cells.get(column, "") for column in columns])
    return written.getvalue()


def jsonl_template(model: Model, catalogue: Catalogue) -> str:
    """A line that can be ordered."""
    return json.dumps(example_row(model, catalogue), ensure_ascii=False) + "\n"


def _what(parameter: Parameter) -> str:
    also = f" Also read from: {', '.join(parameter.also)}." if parameter.also else ""
    several = " Several are parted by |." if parameter.kind in (Kind.PICTURES, Kind.TEXTS) else ""
    return parameter.doc + several + also


def _when_empty(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    return "" if parameter.default is None else _plain(parameter.default)


def _limit(model: Model, limit: int) -> str:
    if not limit:
        return "text"
    if model.prompt_cut:
        return f"the first {limit} {model.prompt_unit} count"
    return f"at most {limit} {model.prompt_unit}"


def _tier(tier: PriceTier, model: Model) -> str:
    words = [f"{name} is {_plain(value)}" for name, value in tier.when.items()]
    if tier.above_pixels is not None:
        words.append(f"size has more than {tier.above_pixels:,} pixels")
    cost = f"{to_text(to_micro(tier.price))} {model.currency}"
    return f"{cost} when {' and '.join(words)}" if words else cost


def _rule(alike: list[RowRule]) -> str:
    rule = alike[0]
    words = [_is(name, [other.when[name] for other in alike]) for name in rule.when]
    if rule.above_pixels is not None:
        words.append(f"size has more than {rule.above_pixels:,} pixels")
    sentence = _RULES[rule.kind].format(_list(rule.fields))
    why = f" ({rule.why})" if rule.why else ""
    return (f"when {' and '.join(words)}: {sentence}" if words else sentence) + why


def _is(name: str, values: list[Any]) -> str:
    if values[0] in (None, ANY):
        return f"{name} is given"
    return f"{name} is {' or '.join(map(_plain, dict.fromkeys(values)))}"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_RULES = {
    "at_least_one": "at least one of {}",
    "exactly_one": "exactly one of {}",
    "at_most_one": "at most one of {}",
    "together": "{} only together",
    "needs": "needs {}",
    "excludes": "without {}",
}
