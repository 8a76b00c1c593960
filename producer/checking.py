"""Checks one row against the catalogue and makes its job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from producer.defaults import Defaults, parameter_names
from producer.errors import ManifestError
from producer.plan import NoModel, Plan, Slot, find_model, make_plan
from producer.problem import Caution, Problem, shown
from producer.row import Broken, Row
from producer.texts import (
    check_id,
    check_negative_prompt,
    check_prompt,
    cut,
    foreign_language,
    is_blank,
)
from schemas.catalogue import Catalogue
from schemas.fields import ALIASES, Fields, resolve
from schemas.job import Job
from schemas.layout import safe_name

_KEPT = 1000
"""Headers and plans remembered; JSON lines could bring a new one with every row."""
_LENGTH_KEPT = 100
"""Longer wrong names are judged anew each time: a thousand of any length would be kept."""


class Good(NamedTuple):
    """A row that can be ordered."""

    job: Job
    cautions: tuple[Caution, ...]


class Bad(NamedTuple):
    """A row that cannot, and everything that is wrong with it."""

    row: Row | Broken
    problems: tuple[Problem, ...]
    id: str | None
    """The row's id where that at least is right."""


class RowChecker:
    """Checks rows one by one; remembers nothing of a row, only what rows have in common."""

    def __init__(
        self, catalogue: Catalogue, defaults: Defaults | None = None, *, account: str = "default"
    ) -> None:
        self.catalogue = catalogue
        self._defaults = {} if defaults is None else dict(defaults.values)
        self._account = account
        self._parameters = parameter_names(catalogue)
        self._fields: dict[tuple[str, ...], Fields] = {}
        self._plans: dict[tuple[tuple[str, ...], Any, Any], Plan | NoModel] = {}

    def check_header(self, columns: Sequence[str]) -> None:
        """Raises ManifestError for a header that no row below it can make good."""
        fields = self.fields(tuple(columns))
        if fields.clash is not None:
            raise ManifestError(fields.clash)
        has = f"; it has: {', '.join(map(shown, columns))}"
        if "id" not in fields.columns:
            raise ManifestError(f"the manifest needs an id, sku or custom_id column{has}")
        if "prompt" not in fields.columns and "prompt" not in self._defaults:
            known = ", ".join(ALIASES["prompt"])
            raise ManifestError(f"the manifest needs a prompt column ({known}){has}")
        if "model" not in fields.columns and "model" not in self._defaults:
            raise ManifestError(
                "the manifest has no model column; say --model NAME for all rows"
                f" ({', '.join(model.name for model in self.catalogue)})"
            )

    def fields(self, columns: tuple[str, ...]) -> Fields:
        """What the columns of one header mean."""
        found = self._fields.get(columns)
        if found is None:
            if len(self._fields) >= _KEPT:
                self._fields.clear()
            found = self._fields[columns] = resolve(columns, self._parameters)
        return found

    def check(self, row: Row) -> Good | Bad:
        """The row's job, or all its problems."""
        columns = self.fields(row.columns).columns
        problems: list[Problem] = []
        identity = self._id(row, columns, problems)
        prompt = self._prompt(row, columns, problems)
        plan = self._plan(row, columns)
        if isinstance(plan, NoModel):
            problems.append(_problem(row, plan.column, plan.value, plan.reason))
            return Bad(row, tuple(problems), identity or None)
        negative = self._negative_prompt(row, columns, plan, problems)
        parameters = _parameters(row, plan, problems)
        n = _value(row, plan.n, problems)
        clash = self.fields(row.columns).clash
        if clash is not None:
            problems.append(Problem(row.line, None, None, clash))
        if problems:
            return Bad(row, tuple(problems), identity or None)
        job = Job(
            id=identity,
            line=row.line,
            lane=plan.lane,
            prompt=prompt,
            negative_prompt=negative,
            n=1 if n is None else n,
            parameters=parameters,
            name=safe_name(identity),
            row=row.cells,
        )
        return Good(job, self._cautions(job, columns, plan))

    def id_problem(self, row: Row, reason: str) -> Problem:
        """A problem of the row's id that only other rows could show."""
        column = self.fields(row.columns).columns["id"]
        return _problem(row, column, row.cells[column], reason)

    def _id(self, row: Row, columns: dict[str, str], problems: list[Problem]) -> str:
        column = columns.get("id")
        if column is None:
            problems.append(
                Problem(row.line, None, None, "the row needs an id (or sku, custom_id)")
            )
            return ""
        identity, reason = check_id(row.cells[column])
        if reason is not None:
            problems.append(_problem(row, column, row.cells[column], reason))
            return ""
        return identity

    def _prompt(self, row: Row, columns: dict[str, str], problems: list[Problem]) -> str:
        column = columns.get("prompt")
        raw = row.cells.get(column) if column is not None else None
        if is_blank(raw):
            raw = self._defaults.get("prompt")
        prompt, reason = check_prompt(raw)
        if reason is not None:
            # What is no text is shown; a prompt itself never is.
            problems.append(_problem(row, column or "prompt", raw, reason))
        return prompt

    def _negative_prompt(
        self, row: Row, columns: dict[str, str], plan: Plan, problems: list[Problem]
    ) -> str | None:
        column = columns.get("negative_prompt")
        raw = row.cells[column] if column is not None else None
        takes_one = plan.model.negative_prompt_limit > 0
        if is_blank(raw):
            default = self._defaults.get("negative_prompt")
            return str(default) if default is not None and takes_one else None
        if not takes_one:
            reason = f"{plan.model.name} takes no negative prompt; leave the cell empty"
            problems.append(Problem(row.line, column, None, reason))
            return None
        negative, fault = check_negative_prompt(raw)
        if fault is not None:
            problems.append(_problem(row, column, raw, fault))
        return negative

    def _plan(self, row: Row, columns: dict[str, str]) -> Plan | NoModel:
        cells = row.cells
        model = cells[columns["model"]] if "model" in columns else None
        provider = cells[columns["provider"]] if "provider" in columns else None
        key = (
            row.columns,
            model if model is None or type(model) is str else shown(model),
            provider if provider is None or type(provider) is str else shown(provider),
        )
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _KEPT:
                self._plans.clear()
            plan = self._new_plan(*key)
            if isinstance(plan, Plan) or len(str(plan.value)) <= _LENGTH_KEPT:
                self._plans[key] = plan
        return plan

    def _new_plan(self, header: tuple[str, ...], model: Any, provider: Any) -> Plan | NoModel:
        fields = self.fields(header)
        name_from, name = self._said("model", fields, model)
        provider_from, provider_name = self._said("provider", fields, provider)
        if name is None:
            return NoModel(
                name_from, None, "the row names no model; fill the cell or say --model NAME"
            )
        found = find_model(self.catalogue, (name_from, name), (provider_from, provider_name))
        if isinstance(found, NoModel):
            return found
        return make_plan(fields, found, self._account, self._defaults)

    def _said(self, name: str, fields: Fields, raw: Any) -> tuple[str | None, str | None]:
        """Where a field's value comes from, and the value."""
        if not is_blank(raw):
            return fields.columns.get(name), str(raw).strip()
        default = self._defaults.get(name)
        if default is not None:
            return f"--set {name}", str(default)
        return fields.columns.get(name), None

    def _cautions(self, job: Job, columns: dict[str, str], plan: Plan) -> tuple[Caution, ...]:
        model = plan.model
        texts = [
            cut(job.prompt, model.prompt_limit, model),
            foreign_language(job.prompt, model),
        ]
        column = columns.get("prompt", "prompt")
        found = [Caution(job.line, column, text) for text in texts if text is not None]
        if job.negative_prompt is not None:
            text = cut(job.negative_prompt, model.negative_prompt_limit, model)
            if text is not None:
                column = columns.get("negative_prompt", "negative_prompt")
                found.append(Caution(job.line, column, text))
        return tuple(found)


def _parameters(row: Row, plan: Plan, problems: list[Problem]) -> dict[str, Any]:
    parameters = {}
    for slot in plan.slots:
        value = _value(row, slot, problems)
        if value is not None:
            parameters[slot.name] = value
    for column, reason in plan.foreign:
        raw = row.cells[column]
        if not is_blank(raw):
            problems.append(_problem(row, column, raw, reason))
    return parameters


def _value(row: Row, slot: Slot, problems: list[Problem]) -> Any:
    """The slot's value in the provider's spelling; None where the row says nothing."""
    raw = None if slot.column is None else row.cells[slot.column]
    defaulted = is_blank(raw)
    if defaulted:
        if slot.default is None:
            return None
        raw = slot.default
    verdict = slot.check(raw)
    if verdict.reason is not None:
        problems.append(_problem(row, slot.source(defaulted=defaulted), raw, verdict.reason))
    return verdict.value


def _problem(row: Row, column: str | None, value: Any, reason: str) -> Problem:
    return Problem(row.line, column, None if is_blank(value) else shown(value), reason)
