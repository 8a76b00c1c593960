"""How rows of one header and one model are read: resolved once, then used for every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.catalogue import Catalogue
from schemas.fields import Fields
from schemas.lane import Lane
from schemas.model import Model
from schemas.parameter import Kind, Parameter, nearest

_LENGTH_KEPT = 100
_VALUES_KEPT = 4096
"""Checked values remembered per column: sizes and styles repeat, seeds do not."""


class Verdict(NamedTuple):
    """A value in the provider's spelling, or the reason against it."""

    value: Any
    reason: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter of the model and where its value comes from."""

    name: str
    column: str | None
    default: Any
    parameter: Parameter
    refusal: str | None = None
    """Said instead of the parameter's own reason."""
    known: dict[str | int, Verdict] = field(default_factory=dict)

    def source(self, *, defaulted: bool) -> str | None:
        """The column a message names, or the option."""
        return f"--set {self.name}" if defaulted else self.column

    def check(self, raw: Any) -> Verdict:
        """Judge one value; what repeats is judged once."""
        # Exact types, since True, 1 and 1.0 would be one key; short, since thousands are kept.
        if not (type(raw) is int or (type(raw) is str and len(raw) <= _LENGTH_KEPT)):
            return self._judge(raw)
        verdict = self.known.get(raw)
        if verdict is None:
            verdict = self._judge(raw)
            if len(self.known) < _VALUES_KEPT:
                self.known[raw] = verdict
        return verdict

    def _judge(self, raw: Any) -> Verdict:
        reason = f"must be {self.parameter.allowed()}"
        if isinstance(raw, list | dict):
            return Verdict(None, self.refusal or reason)
        try:
            return Verdict(self.parameter.check(raw), None)
        except OverflowError:  # a number no float can hold
            return Verdict(None, self.refusal or reason)
        except ValueError as error:
            return Verdict(None, self.refusal or str(error))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a row that its header and its model decide."""

    model: Model
    lane: str
    n: Slot
    slots: tuple[Slot, ...]
    foreign: tuple[tuple[str, str], ...]
    """Columns of other models' parameters, with the reason against a value there."""


class NoModel(NamedTuple):
    """Why there is no plan: what to say of the model's or provider's cell."""

    column: str | None
    value: str | None
    reason: str


def make_plan(fields: Fields, model: Model, account: str, defaults: Mapping[str, Any]) -> Plan:
    """The plan for rows with these fields that order from `model`."""
    columns = fields.columns
    slots = tuple(
        Slot(name, columns.get(name), defaults.get(name), parameter)
        for name, parameter in model.parameters.items()
        if name in columns or name in defaults
    )
    foreign = tuple(
        (column, f"{model.name} has no parameter {name}; it has: {_names(model)}")
        for name, column in columns.items()
        if name not in model.parameters and name not in _FIELDS
    )
    lane = str(Lane(model.provider, model.name, account))
    return Plan(model, lane, _n_slot(fields, model, defaults), slots, foreign)


def n_parameter(model: Model) -> Parameter:
    """How many images one order may ask for, as a parameter."""
    return Parameter(kind=Kind.INTEGER, doc="Images of one order.", minimum=1, maximum=model.max_n)


def find_model(
    catalogue: Catalogue, name: tuple[str | None, str], provider: tuple[str | None, str | None]
) -> Model | NoModel:
    """The model of that name; both arguments are (column, value)."""
    models: list[Model] = [m for m in catalogue if provider[1] in (None, m.provider)]
    if not models:
        providers = sorted({m.provider for m in catalogue})
        hint = nearest(str(provider[1]), providers) or f"; known: {', '.join(providers)}"
        return NoModel(provider[0], provider[1], f"is no known provider{hint}")
    for model in models:
        if model.name == name[1]:
            return model
    names = [model.name for model in models]
    hint = nearest(name[1], names) or f"; known: {', '.join(names)}"
    return NoModel(name[0], name[1], f"is no known model{hint}")


_FIELDS = frozenset({"id", "prompt", "negative_prompt", "n", "model", "provider"})


def _n_slot(fields: Fields, model: Model, defaults: Mapping[str, Any]) -> Slot:
    refusal = None
    default = defaults.get("n")
    if model.max_n == 1:
        refusal = f"must be 1: {model.name} draws one image an order; write a row for each"
        # A default the model cannot take is not applied, as with every parameter it lacks.
        default = None
    return Slot("n", fields.columns.get("n"), default, n_parameter(model), refusal)


def _names(model: Model) -> str:
    return ", ".join(sorted(model.parameters)) or "none"
