"""What the command line says for rows that say nothing: `--model`, `--set name=value`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from producer.errors import OptionError
from producer.plan import n_parameter
from producer.problem import shown
from schemas.catalogue import Catalogue, UnknownModel
from schemas.fields import canonical_name
from schemas.parameter import nearest

SETTABLE = ("prompt", "negative_prompt", "n", "model", "provider")
"""Fields that --set takes besides the models' own parameters."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values by field or parameter, as they were written."""

    values: dict[str, Any] = field(default_factory=dict)


def defaults_from(model: str | None, sets: Iterable[str], catalogue: Catalogue) -> Defaults:
    """Read `--model` and every `--set`. Raises OptionError for what could fit no row."""
    values = dict(parse_set(text, catalogue) for text in sets)
    if model is not None:
        values["model"] = model.strip()
    if "model" in values or "provider" in values:
        _check_model(values, catalogue)
    return Defaults(values)


def parse_set(text: str, catalogue: Catalogue) -> tuple[str, str]:
    """`name=value` as field or parameter and value. Raises OptionError with what to write."""
    written, equals, value = text.partition("=")
    name, value = canonical_name(written), value.strip()
    if not equals or not name:
        raise OptionError(f"--set {shown(text)} has no value; write --set name=value, as in n=2")
    if name == "id":
        raise OptionError("--set id: every row needs an id of its own; put it in a column")
    known = sorted({*SETTABLE, *parameter_names(catalogue)})
    if name not in known:
        hint = nearest(name, known) or f"; known: {', '.join(known)}"
        raise OptionError(f"--set {shown(written)}: no model has such a parameter{hint}")
    if not value:
        raise OptionError(f"--set {name} has no value; write --set {name}=value")
    _check_value(name, value, catalogue)
    return name, value


def parameter_names(catalogue: Catalogue) -> frozenset[str]:
    """Every parameter that some model has."""
    return frozenset(name for model in catalogue for name in model.parameters)


def _check_value(name: str, value: str, catalogue: Catalogue) -> None:
    """A value may suit one model and not another; one that suits none is refused here."""
    refusals = []
    for model in catalogue:
        parameter = n_parameter(model) if name == "n" else model.parameters.get(name)
        if parameter is None:
            continue
        try:
            parameter.check(value)
        except (ValueError, OverflowError) as error:
            refusals.append(f"{model.name}: {error}")
        else:
            return
    if refusals:
        raise OptionError(f'--set {name}: "{shown(value)}" suits no model; {refusals[0]}')


def _check_model(values: dict[str, str], catalogue: Catalogue) -> None:
    provider = values.get("provider")
    name = values.get("model")
    try:
        if name is not None:
            catalogue.find(name, provider)
        elif provider not in {model.provider for model in catalogue}:
            catalogue.find("", provider)
    except UnknownModel as error:
        raise OptionError(f"{error} (`imagemill models` lists them)") from error
