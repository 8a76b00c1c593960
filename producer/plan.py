"""How rows of one header and one model are read: resolved once, then used for every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from producer.batch_line import HOW_IT_COMES
from producer.default_values import Defaults
from producer.problem import is_blank
from schemas.catalogue import Catalogue
from schemas.fields import EVERYDAY, Fields, canonical_name, normal_name
from schemas.model import Model
from schemas.parameter import Kind, Parameter

_LENGTH_KEPT = 100
_VALUES_KEPT = 4096
"""Checked values remembered per column: sizes and styles repeat, seeds do not."""
_EXACT = 10**15
"""Up to here numbers are the same as floats, which is how longer ones are compared."""
FREE_COLUMN = "parameters"
"""Of a model nobody lists: the column, or the beginning of a column's name, for its parameters."""


class Verdict(NamedTuple):
    """A value in the provider's spelling, or the reason against it."""

    value: Any
    reason: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter of the model and where its value comes from."""

    name: str
    columns: tuple[str, ...]
    """The first that is not empty counts."""
    default: Any
    option: str | None
    """The option that gave the default."""
    parameter: Parameter
    refusal: str | None = None
    """Said instead of the parameter's own reason."""
    known: dict[str | int, Verdict] = field(default_factory=dict)
    right: dict[str | int, Any] = field(default_factory=dict)
    """The values of those that are right."""
    plain: str | None = None
    """Its one column, where nothing but the value there counts: no picture is to be looked at."""
    whole: tuple[float, float] | None = None
    """Of any whole number between two: these."""
    idle: bool = False
    """Nothing is said of an empty cell: there is no default, and the model can do without."""

    def source(self, *, defaulted: bool) -> str | None:
        """The column a message names, or the option."""
        if defaulted and self.option is not None:
            return self.option
        return self.columns[0] if self.columns else None

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
                if verdict.reason is None and not is_blank(raw):
                    self.right[raw] = verdict.value
        return verdict

    def plainly(self, raw: Any) -> Any:
        """The value of a cell that says something right; None: look closer."""
        kind = type(raw)
        if kind is not str and kind is not int:
            return None
        value = self.right.get(raw)
        if value is not None:
            return value
        # Seeds differ from row to row, so that they are worth a way of their own.
        if self.whole is not None and (kind is int or _is_short_number(raw)):
            number = int(raw)
            if self.whole[0] <= number <= self.whole[1]:
                return number
        if is_blank(raw):
            return None
        verdict = self.check(raw)
        return verdict.value if verdict.reason is None else None

    def _judge(self, raw: Any) -> Verdict:
        if isinstance(raw, list | dict) and self.parameter.kind not in _NESTED:
            return self._refused()
        try:
            return Verdict(self.parameter.check(raw), None)
        except OverflowError:  # a number no float can hold
            return self._refused()
        except ValueError as error:
            return Verdict(None, self.refusal or str(error))

    def _refused(self) -> Verdict:
        return Verdict(None, self.refusal or f"must be {self.parameter.allowed()}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a row that its header and its model decide."""

    model: Model
    n: Slot
    slots: tuple[Slot, ...]
    foreign: tuple[tuple[str, str], ...]
    """Columns of what the model does not take, with the reason against a value there."""
    free: tuple[tuple[str, str], ...] | None = None
    """Of a model nobody lists: (parameter, column), handed on without a check."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the provider takes where a row says nothing."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Pictures that must have one width and height."""
    lanes: dict[str | None, str] = field(default_factory=dict)
    """The lanes of its rows so far, by the account as the row has it."""


class NoModel(NamedTuple):
    """Why there is no plan: what to say of the model's or provider's cell."""

    column: str | None
    value: str | None
    reason: str


class Header(NamedTuple):
    """The columns of a row, what they mean, and which of them a request's body gave."""

    columns: tuple[str, ...]
    fields: Fields
    body: tuple[str, ...] | None
    worded: frozenset[str] = frozenset()
    """Columns that templates make words of: where the model has no such parameter they are no fault."""


def make_plan(header: Header, model: Model, defaults: Defaults) -> Plan:
    """The plan for rows with this header that order from `model`."""
    slots = [_slot(name, header, model, defaults) for name in model.parameters]
    used = {column for slot in slots for column in slot.columns}
    return Plan(
        model=model,
        n=_n_slot(header.fields, model, defaults),
        slots=tuple(slot for slot in slots if _counts(slot)),
        foreign=tuple(_foreign(header, model, used)),
        defaults={
            name: parameter.default
            for name, parameter in model.parameters.items()
            if parameter.default is not None
        },
        pairs=tuple(
            (name, parameter.picture.same_size_as)
            for name, parameter in model.parameters.items()
            if parameter.picture is not None and parameter.picture.same_size_as is not None
        ),
    )


def make_free_plan(header: Header, model: Model, defaults: Defaults) -> Plan:
    """The plan for rows that order from a model nobody lists: nothing of it is foreign."""
    columns = header.fields.columns
    free = [(name, column) for name, column in columns.items() if name not in _FIELDS]
    for column in header.columns:
        start, dot, name = column.strip().partition(".")
        if normal_name(start) == FREE_COLUMN and (not dot or name):
            free.append((name if dot else FREE_COLUMN, column))
    taken = {column for _, column in free}
    for column in header.body or ():
        if column not in taken and column not in columns.values():
            free.append((column, column))
    n = _n_slot(header.fields, model, defaults)
    return Plan(model=model, n=n, slots=(), foreign=(), free=tuple(free))


def n_parameter(model: Model) -> Parameter:
    """How many images one order may ask for, as a parameter."""
    return Parameter(kind=Kind.INTEGER, doc="Images of one order.", minimum=1, maximum=model.max_n)


def parameter_names(catalogue: Iterable[Model]) -> frozenset[str]:
    """Every column that is a parameter of some model."""
    found: set[str] = set()
    for model in catalogue:
        for name, parameter in model.parameters.items():
            found.update((name, *parameter.also))
    return frozenset(found)


def of_any_model(name: str, catalogue: Catalogue, provider: str) -> Parameter | None:
    """What a column means at a provider, where one of its models has it."""
    for model in catalogue:
        if model.provider == provider and name in model.parameters:
            return model.parameters[name]
    return None


_FIELDS = frozenset(
    {"id", "prompt", "negative_prompt", "n", "model", "provider", "account", "style_pack"}
)
_NESTED = frozenset({Kind.STRUCTURE, Kind.TEXTS, Kind.PICTURES})


def _slot(name: str, header: Header, model: Model, defaults: Defaults) -> Slot:
    parameter, columns = model.parameters[name], header.fields.columns
    # A column that is another parameter's own name means that one.
    names = [name, *(canonical_name(other) for other in parameter.also)]
    names = [other for other in names if other == name or other not in model.parameters]
    option = next((other for other in names if other in defaults.values), None)
    meant = tuple(columns[other] for other in names if other in columns)
    default = defaults.values.get(option) if option else None
    return Slot(
        name=name,
        columns=meant,
        default=default,
        option=defaults.place(option) if option else None,
        parameter=parameter,
        plain=meant[0] if len(meant) == 1 and not parameter.takes_pictures else None,
        whole=_whole(parameter),
        idle=default is None and not parameter.required,
    )


def _whole(parameter: Parameter) -> tuple[float, float] | None:
    if parameter.kind is not Kind.INTEGER or parameter.step:
        return None
    low, high = parameter.minimum, parameter.maximum
    return (
        -_EXACT if low is None else max(low, -_EXACT),
        _EXACT if high is None else min(high, _EXACT),
    )


def _is_short_number(text: str) -> bool:
    return len(text) <= 15 and text.isascii() and text.isdigit()


def _counts(slot: Slot) -> bool:
    return bool(slot.columns) or slot.option is not None or slot.parameter.required


def _foreign(header: Header, model: Model, used: set[str]) -> Iterable[tuple[str, str]]:
    for name, column in header.fields.columns.items():
        if name in model.parameters or name in _FIELDS or column in used:
            continue
        own = name in EVERYDAY or column in header.worded
        if own and column not in (header.body or ()):
            continue
        yield column, _has_no(name, model)
    known = set(header.fields.columns.values())
    for column in header.body or ():
        if column not in known and normal_name(column) not in HOW_IT_COMES:
            yield column, _has_no(column, model)


def _has_no(name: str, model: Model) -> str:
    names = ", ".join(sorted(model.parameters)) or "none"
    return f"{model.name} has no parameter {name}; it has: {names}"


def _n_slot(fields: Fields, model: Model, defaults: Defaults) -> Slot:
    refusal = None
    default = defaults.values.get("n")
    if model.max_n == 1:
        what = "draws one image an order" if model.draws else "is asked once an order"
        refusal = f"must be 1: {model.name} {what}; write a row for each"
        # A default the model cannot take is not applied, as with every parameter it lacks.
        default = None
    columns = (fields.columns["n"],) if "n" in fields.columns else ()
    return Slot(
        name="n",
        columns=columns,
        default=default,
        option=defaults.place("n"),
        parameter=n_parameter(model),
        refusal=refusal,
        plain=columns[0] if columns else None,
        idle=default is None,
    )
