"""A row's values against its model: each by itself, then all together."""

from __future__ import annotations

from typing import Any, NamedTuple

from producer.pictures_asked import PictureCheck
from producer.plan import FREE_COLUMN, Plan, Slot, of_any_model
from producer.problem import Problem, is_blank
from producer.row import Row
from producer.unlisted_models import as_typed, object_of
from schemas.catalogue import Catalogue
from schemas.row_rule import RowRule


class Values(NamedTuple):
    """What a row gives its model."""

    good: dict[str, Any]
    """In the provider's spelling; pictures as references."""
    given: dict[str, Any]
    """These and the bad ones as they came: what the row says anything of."""
    problems: list[Problem]


def read_values(row: Row, plan: Plan, pictures: PictureCheck) -> Values:
    """Every parameter of a row, each judged by itself."""
    values = Values({}, {}, [])
    good, given, cells = values.good, values.given, row.cells
    for slot in plan.slots:
        if slot.plain is not None:
            raw = cells[slot.plain]
            if slot.idle and (raw is None or raw == ""):
                continue
            value = slot.plainly(raw)
            if value is not None:
                good[slot.name] = given[slot.name] = value
                continue
        _read(row, slot, plan, pictures, values)
    for column, reason in plan.foreign:
        raw = row.cells[column]
        if not is_blank(raw):
            values.problems.append(row.problem(column, raw, reason))
    return values


def read_freely(row: Row, plan: Plan, catalogue: Catalogue) -> Values:
    """Every parameter of a row whose model nobody lists: as it stands."""
    values = Values({}, {}, [])
    for name, column in plan.free or ():
        raw = row.cells[column]
        if is_blank(raw):
            continue
        if name == FREE_COLUMN:
            try:
                values.good.update(object_of(raw))
            except ValueError as error:
                values.problems.append(row.problem(column, raw, str(error)))
        else:
            known = of_any_model(name, catalogue, plan.model.provider)
            values.good[name] = as_typed(raw, known)
    values.given.update(values.good)
    return values


def read_one(row: Row, slot: Slot, problems: list[Problem]) -> Any:
    """The slot's value in the provider's spelling; None where the row says nothing."""
    if slot.plain is not None:
        value = slot.plainly(row.cells[slot.plain])
        if value is not None:
            return value
    raw, column = _raw(row, slot)
    if raw is None:
        return None
    verdict = slot.check(raw)
    if verdict.reason is not None:
        problems.append(row.problem(column, raw, verdict.reason))
    return verdict.value


def check_together(row: Row, plan: Plan, values: Values, pictures: PictureCheck) -> list[Problem]:
    """What the fields of a row must be to each other."""
    problems = []
    for rule in plan.model.rules:
        reason = rule.broken_by(values.given, plan.defaults)
        if reason is not None:
            column = _column(_named(rule, values.given), plan)
            problems.append(Problem(row.line, column, None, f"{plan.model.name} {reason}"))
    for name, other in plan.pairs:
        first, second = values.good.get(name), values.good.get(other)
        if not (isinstance(first, str) and isinstance(second, str)):
            continue
        if pictures.same_size(first, second) is False:
            reason = f"must have the same width and height as {_column(other, plan)}"
            problems.append(Problem(row.line, _column(name, plan), None, reason))
    return problems


def _read(row: Row, slot: Slot, plan: Plan, pictures: PictureCheck, values: Values) -> None:
    raw, column = _raw(row, slot)
    if raw is None:
        if slot.parameter.required:
            told = f"must not be empty: {plan.model.name} needs it"
            values.problems.append(Problem(row.line, column or slot.name, None, told))
            values.given[slot.name] = ""  # told once; no rule need tell it again
        return
    values.given[slot.name] = raw
    verdict = slot.check(raw)
    value, reason = verdict.value, verdict.reason
    if reason is None and slot.parameter.takes_pictures:
        try:
            value = _referred(slot, value, plan, pictures)
        except ValueError as error:
            reason = str(error)
    if reason is None and len(slot.columns) > 1:
        reason = _contradiction(row, slot, value)
    if reason is not None:
        shown = _without_query(raw) if slot.parameter.takes_pictures else raw
        values.problems.append(row.problem(column, shown, reason))
        return
    values.good[slot.name] = values.given[slot.name] = value


def _raw(row: Row, slot: Slot) -> tuple[Any, str | None]:
    """The first cell that says something, or the default; and where it is from."""
    for column in slot.columns:
        raw = row.cells[column]
        if not is_blank(raw):
            return raw, column
    return slot.default, slot.source(defaulted=slot.default is not None)


def _contradiction(row: Row, slot: Slot, value: Any) -> str | None:
    """Two columns that mean the same may both be filled, but not with different things."""
    there = [column for column in slot.columns if not is_blank(row.cells[column])]
    for column in there[1:]:
        verdict = slot.check(row.cells[column])
        if verdict.reason is not None or verdict.value != value:
            return f"and column {column} mean the same and say different things; empty one of them"
    return None


def _referred(slot: Slot, value: Any, plan: Plan, pictures: PictureCheck) -> Any:
    if isinstance(value, list):
        return [pictures.refer(slot.parameter, entry, plan.model) for entry in value]
    return pictures.refer(slot.parameter, value, plan.model)


def _without_query(raw: Any) -> Any:
    """An address without what may be its signature."""
    if isinstance(raw, list):
        return [_without_query(entry) for entry in raw]
    return raw.split("?", 1)[0] if isinstance(raw, str) else raw


def _named(rule: RowRule, given: dict[str, Any]) -> str:
    """The field a message about the rule points at: one to fill, or one to empty."""
    there = [name for name in rule.fields if given.get(name) is not None]
    missing = [name for name in rule.fields if given.get(name) is None]
    if rule.kind in ("at_most_one", "excludes") or len(there) > 1 or not missing:
        return (there or list(rule.fields))[-1]
    return missing[0]


def _column(name: str, plan: Plan) -> str:
    for slot in (plan.n, *plan.slots):
        if slot.name == name and slot.columns:
            return slot.columns[0]
    return name
