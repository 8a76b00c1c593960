"""What the command line says for rows that say nothing: `--model`, `--set name=value`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from producer.errors import OptionError
from producer.model_named import find_model, without_provider
from producer.plan import NoModel, n_parameter, parameter_names
from producer.problem import shown
from schemas.catalogue import Catalogue
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
        hint = nearest(name, known) or "; `imagemill models NAME` shows those of a model"
        raise OptionError(f"--set {shown(written)}: no model has such a parameter{hint}")
    if not value:
        raise OptionError(f"--set {name} has no value; write --set {name}=value")
    _check_value(name, value, catalogue)
    return name, value


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
    name, provider = values.get("model"), values.get("provider")
    if name is None:
        if provider not in {model.provider for model in catalogue}:
            raise OptionError(_unknown_provider(str(provider), catalogue))
        return
    # What a row says of its provider may still tell models of one name apart.
    _, own = without_provider(name, catalogue)
    alike = sum(model.name == name for model in catalogue)
    if alike > 1 and own is None and provider is None:
        return
    found = find_model(catalogue, ("--model", name), ("--set provider", provider))
    if isinstance(found, NoModel):
        raise OptionError(f'{found.column}: "{shown(found.value)}" {found.reason}')


def _unknown_provider(name: str, catalogue: Catalogue) -> str:
    known = sorted({model.provider for model in catalogue})
    hint = nearest(name, known) or f"; known: {', '.join(known)}"
    return f'--set provider: "{shown(name)}" is no known provider{hint}'
