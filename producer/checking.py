"""Checks one row against the catalogue and makes its job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from producer.accounts_asked import Accounts, NoAccount
from producer.batch_line import PROVIDER
from producer.defaults import Defaults
from producer.errors import ManifestError
from producer.judging import Values, check_together, read_freely, read_one, read_values
from producer.model_named import find_model
from producer.pictures_asked import PictureCheck, UrlsOnly
from producer.plan import Header, NoModel, Plan, make_free_plan, make_plan, parameter_names
from producer.problem import Caution, Problem, is_blank, shown
from producer.prompts import Prompt, cautions, read_negative_prompt, read_prompt
from producer.row import Broken, Row
from producer.texts import check_id
from producer.unlisted_models import WithUnlisted
from schemas.catalogue import Catalogue
from schemas.fields import ALIASES, Fields, resolve
from schemas.job import Job
from schemas.lane import Lane
from schemas.layout import safe_name

_KEPT = 1000
"""Headers and plans remembered; JSON lines could bring a new one with every row."""
_LENGTH_KEPT = 100
"""Longer wrong names are judged anew each time: a thousand of any length would be kept."""
_PlanKey = tuple[Any, Any, tuple[str, ...] | None]
"""Model and provider as the row has them, and what the body of a line of a batch gave."""


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


class _Shape(NamedTuple):
    """What rows of one header have in common, and the plans of the models they named so far."""

    fields: Fields
    clash: str | None
    plans: dict[_PlanKey, Plan | NoModel]


def _together(values: Values, prompt: Prompt, negative: Prompt, n: int | None) -> Values:
    """The values beside what a row's other fields say."""
    # A prompt that is wrong is there all the same: no rule need say that it is missing.
    texts = {
        "prompt": prompt.text or prompt.problem,
        "negative_prompt": negative.text or negative.problem,
        "n": n,
    }
    return values._replace(given={**texts, **values.given})


_NO_SHAPE: tuple[tuple[str, ...] | None, _Shape] = None, _Shape(Fields(), None, {})


class RowChecker:
    """Checks rows one by one; remembers nothing of a row, only what rows have in common."""

    def __init__(
        self,
        catalogue: Catalogue,
        defaults: Defaults | None = None,
        *,
        accounts: Accounts | None = None,
        pictures: PictureCheck | None = None,
    ) -> None:
        self.catalogue = catalogue
        self._defaults = {} if defaults is None else dict(defaults.values)
        self._accounts = accounts or Accounts()
        self._pictures = pictures or UrlsOnly()
        self._parameters = parameter_names(catalogue)
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._last = _NO_SHAPE
        self._planned = 0

    def check_header(self, columns: Sequence[str]) -> None:
        """Raises ManifestError for a header that no row below it can make good."""
        fields = self.fields(tuple(columns))
        if fields.clash is not None:
            raise ManifestError(fields.clash)
        has = f"; it has: {', '.join(map(shown, columns))}"
        if "id" not in fields.columns:
            raise ManifestError(f"the manifest needs an id, sku or custom_id column{has}")
        no_prompt = "prompt" not in fields.columns and "prompt" not in self._defaults
        if no_prompt and self._needs_prompts(fields):
            known = ", ".join(ALIASES["prompt"])
            raise ManifestError(f"the manifest needs a prompt column ({known}){has}")
        if "model" not in fields.columns and "model" not in self._defaults:
            raise ManifestError(
                "the manifest has no model column; say --model NAME for all rows"
                " (`imagemill models` lists them)"
            )

    def fields(self, columns: tuple[str, ...]) -> Fields:
        """What the columns of one header mean."""
        return self._shape(columns).fields

    def check(self, row: Row) -> Good | Bad:
        """The row's job, or all its problems."""
        shape = self._shape(row.columns)
        columns = shape.fields.columns
        problems: list[Problem] = []
        identity = self._id(row, columns, problems)
        plan = self._plan(row, shape)
        if isinstance(plan, NoModel):
            problems.append(row.problem(plan.column, plan.value, plan.reason))
            return Bad(row, tuple(problems), identity or None)
        lane = self._lane(row, columns, plan, problems)
        job = self._job(row, plan, (identity, lane), problems)
        if shape.clash is not None:
            problems.append(Problem(row.line, None, None, shape.clash))
        if problems or job is None:
            return Bad(row, tuple(problems), identity or None)
        return Good(job, cautions(job, columns, plan.model))

    def id_problem(self, row: Row, reason: str) -> Problem:
        """A problem of the row's id that only other rows could show."""
        column = self.fields(row.columns).columns["id"]
        return row.problem(column, row.cells[column], reason)

    def _needs_prompts(self, fields: Fields) -> bool:
        """Whether every row will need one, as far as the header tells."""
        if "model" in fields.columns:
            return all(model.prompt == "required" for model in self.catalogue)
        plan = self._new_plan(Header((), Fields(), None), None, None)
        return isinstance(plan, NoModel) or plan.model.prompt == "required"

    def _id(self, row: Row, columns: dict[str, str], problems: list[Problem]) -> str:
        column = columns.get("id")
        if column is None:
            problems.append(
                Problem(row.line, None, None, "the row needs an id (or sku, custom_id)")
            )
            return ""
        identity, reason = check_id(row.cells[column])
        if reason is not None:
            problems.append(row.problem(column, row.cells[column], reason))
            return ""
        return identity

    def _lane(self, row: Row, columns: dict[str, str], plan: Plan, problems: list[Problem]) -> str:
        column = columns.get("account")
        raw = row.cells[column] if column is not None else None
        known = plan.lanes.get(raw) if raw is None or type(raw) is str else None
        if known is not None:
            return known
        there = len(problems)
        account = self._account(row, column, plan, problems)
        lane = str(Lane(plan.model.provider, plan.model.name, account))
        may_be_kept = raw is None or (type(raw) is str and len(raw) <= _LENGTH_KEPT)
        if may_be_kept and len(problems) == there and len(plan.lanes) < _KEPT:
            plan.lanes[raw] = lane
        return lane

    def _account(self, row: Row, column: str | None, plan: Plan, problems: list[Problem]) -> str:
        raw = row.cells[column] if column is not None else None
        written = None if is_blank(raw) else str(raw).strip()
        found = self._accounts.of(plan.model, written)
        if isinstance(found, NoAccount):
            problems.append(row.problem(found.said_by or column, found.name, found.reason))
            return ""
        return found

    def _job(
        self,
        row: Row,
        plan: Plan,
        names: tuple[str, str],
        problems: list[Problem],
    ) -> Job | None:
        """The job of that id and lane, unless something is wrong with it."""
        identity, lane = names
        columns = self.fields(row.columns).columns
        prompt = read_prompt(row, columns, plan.model, self._defaults)
        negative = read_negative_prompt(row, columns, plan.model, self._defaults)
        for told in (prompt, negative):
            if told.problem is not None:
                problems.append(told.problem)
        if plan.free is None:
            values = read_values(row, plan, self._pictures)
        else:
            values = read_freely(row, plan, self.catalogue)
        problems += values.problems
        n = read_one(row, plan.n, problems)
        if plan.model.rules or plan.pairs:
            together = _together(values, prompt, negative, n)
            problems += check_together(row, plan, together, self._pictures)
        if problems:
            return None
        return Job(
            id=identity,
            line=row.line,
            lane=lane,
            prompt=prompt.text or "",
            negative_prompt=negative.text,
            n=1 if n is None else n,
            parameters=values.good,
            name=safe_name(identity),
            row=row.cells,
        )

    def _shape(self, columns: tuple[str, ...]) -> _Shape:
        last, shape = self._last
        if columns is last:
            return shape
        found = self._shapes.get(columns)
        if found is None:
            if len(self._shapes) >= _KEPT:
                self._forget()
            fields = resolve(columns, self._parameters)
            found = self._shapes[columns] = _Shape(fields, fields.clash, {})
        self._last = columns, found
        return found

    def _forget(self) -> None:
        self._shapes.clear()
        self._last = _NO_SHAPE
        self._planned = 0

    def _plan(self, row: Row, shape: _Shape) -> Plan | NoModel:
        cells, columns = row.cells, shape.fields.columns
        model = cells[columns["model"]] if "model" in columns else None
        provider = cells[columns["provider"]] if "provider" in columns else None
        key = (
            model if model is None or type(model) is str else shown(model),
            provider if provider is None or type(provider) is str else shown(provider),
            row.body,
        )
        plan = shape.plans.get(key)
        if plan is None:
            plan = self._new_plan(Header(row.columns, shape.fields, row.body), *key[:2])
            if isinstance(plan, Plan) or len(str(plan.value)) <= _LENGTH_KEPT:
                if self._planned >= _KEPT:
                    self._forget()
                shape.plans[key] = plan
                self._planned += 1
        return plan

    def _new_plan(self, header: Header, model: Any, provider: Any) -> Plan | NoModel:
        fields, body = header.fields, header.body
        name = self._said("model", fields, model)
        vendor = self._said("provider", fields, provider)
        if name[1] is None:
            return NoModel(
                name[0], None, "the row names no model; fill the cell or say --model NAME"
            )
        if body is not None and vendor[1] is None and not is_blank(model):
            vendor = "--set provider", PROVIDER
        found = find_model(self.catalogue, name, vendor)
        if isinstance(found, NoModel):
            return found
        make = make_plan
        if isinstance(self.catalogue, WithUnlisted) and self.catalogue.has_made(found):
            make = make_free_plan
        return make(header, found, self._defaults)

    def _said(self, name: str, fields: Fields, raw: Any) -> tuple[str | None, str | None]:
        """Where a field's value comes from, and the value."""
        if not is_blank(raw):
            return fields.columns.get(name), str(raw).strip()
        default = self._defaults.get(name)
        if default is not None:
            return f"--set {name}", str(default)
        return fields.columns.get(name), None
