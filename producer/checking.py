"""Checks one row against the catalogue and makes its job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from producer.accounts_asked import Accounts
from producer.column_map import check_columns
from producer.damage import Watched, inspect, watched
from producer.default_values import Defaults
from producer.errors import ManifestError
from producer.judging import check_together, read_freely, read_one, read_values
from producer.lane_choice import LaneChoice
from producer.pictures_asked import PictureCheck, UrlsOnly
from producer.plan import Header, NoModel, Plan, parameter_names
from producer.planning import plan_for
from producer.problem import Caution, Problem, shown
from producer.prompt_template import TemplateFault
from producer.prompts import beside, cautions, read_negative_prompt, read_prompt
from producer.row import Broken, Row
from producer.style_packs import Pack, PackChoice, StylePacks
from producer.texts import check_id
from producer.wording import Wording
from schemas.catalogue import Catalogue
from schemas.fields import ALIASES, Fields, resolve
from schemas.job import Job

_KEPT = 1000
"""Headers and plans remembered; JSON lines could bring a new one with every row."""
_LENGTH_KEPT = 100
"""Longer wrong names are judged anew each time: a thousand of any length would be kept."""
_PlanKey = tuple[Any, Any, str | None, tuple[str, ...] | None]
"""Model, provider and style pack as the row has them, and what the body of a line of a batch gave."""


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
    repeats: bool = False
    """An earlier row has its id, or its files' name."""


class _Shape(NamedTuple):
    """What rows of one header have in common, and the plans of the models they named so far."""

    fields: Fields
    clash: str | None
    watched: Watched
    plans: dict[_PlanKey, Plan | NoModel]


_NO_SHAPE: tuple[tuple[str, ...] | None, _Shape] = (
    None,
    _Shape(Fields(), None, watched((), {}), {}),
)


class RowChecker:
    """Checks rows one by one; remembers nothing of a row, only what rows have in common."""

    def __init__(
        self,
        catalogue: Catalogue,
        defaults: Defaults | None = None,
        *,
        accounts: Accounts | None = None,
        pictures: PictureCheck | None = None,
        packs: StylePacks | None = None,
        wording: Wording | None = None,
    ) -> None:
        self.catalogue = catalogue
        said = defaults or Defaults()
        self._said_columns = said.columns
        self.wording = wording or Wording()
        self._style_packs = packs or StylePacks()
        self.packs = PackChoice(self._style_packs, said)
        self.lanes = LaneChoice(accounts or Accounts())
        self._pictures = pictures or UrlsOnly()
        self._parameters = parameter_names(catalogue)
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._last = _NO_SHAPE
        self._planned = 0

    def check_header(self, columns: Sequence[str]) -> None:
        """Raises ManifestError for a header that no row below it can make good."""
        check_columns(self._said_columns, columns)
        fields = self.fields(tuple(columns))
        if fields.clash is not None:
            raise ManifestError(fields.clash)
        has = f"; it has: {', '.join(map(shown, columns))}"
        if "id" not in fields.columns:
            raise ManifestError(
                f"the manifest needs an id, sku or custom_id column{has}; or say --map id=COLUMN"
            )
        has_words = self._is_said("prompt", fields) or self.wording.template is not None
        if not has_words and self._needs_prompts(fields):
            known = ", ".join(ALIASES["prompt"])
            raise ManifestError(
                f"the manifest needs a prompt column ({known}){has}; or say --map prompt=COLUMN"
            )
        if not self._is_said("model", fields):
            raise ManifestError(
                "the manifest has no model column; say --model NAME for all rows"
                " (`imagemill models` lists them)"
            )
        self.wording.check_header(tuple(columns), fields, packs=bool(self._style_packs))

    def cautions(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """What to say once of all rows below a header."""
        fields, packs = self.fields(columns), bool(self._style_packs)
        return tuple(self.wording.cautions(columns, fields, packs=packs))

    def fields(self, columns: tuple[str, ...]) -> Fields:
        """What the columns of one header mean."""
        return self._shape(columns).fields

    def check(self, row: Row) -> Good | Bad:
        """The row's job, or all its problems."""
        shape = self._shape(row.columns)
        columns = shape.fields.columns
        damage = inspect(row, shape.watched)
        problems: list[Problem] = []
        identity = self._id(row, columns, problems)
        pack = self.packs.of(row, columns.get("style_pack"), problems)
        plan = self._plan(row, shape, pack)
        if isinstance(plan, NoModel):
            problems.append(row.problem(plan.column, plan.value, plan.reason))
            return Bad(row, damage.before(problems), identity or None)
        lane = self.lanes.of(row, columns.get("account"), plan, problems)
        job = self._job(row, plan, (identity, lane), pack, problems)
        if shape.clash is not None:
            problems.append(Problem(row.line, None, None, shape.clash))
        if problems or damage.problems or job is None:
            return Bad(row, damage.before(problems), identity or None)
        return Good(job, (*damage.cautions, *cautions(job, columns, plan.model)))

    def id_problem(self, row: Row, reason: str) -> Problem:
        """A problem of the row's id that only other rows could show."""
        column = self.fields(row.columns).columns["id"]
        return row.problem(column, row.cells[column], reason)

    def _is_said(self, name: str, fields: Fields) -> bool:
        """Whether rows may have a value of that field."""
        everywhere = name in self.packs.usual.defaults.values
        return name in fields.columns or everywhere or self._style_packs.may_say(name)

    def _needs_prompts(self, fields: Fields) -> bool:
        """Whether every row will need one, as far as the header tells."""
        if "model" in fields.columns or self._style_packs.may_say("model"):
            return all(model.prompt == "required" for model in self.catalogue)
        usual = self.packs.usual.defaults
        plan = plan_for(Header((), Fields(), None), (None, None), usual, self.catalogue)
        return isinstance(plan, NoModel) or plan.model.prompt == "required"

    def _id(self, row: Row, columns: dict[str, str], problems: list[Problem]) -> str:
        column = columns.get("id")
        if column is None:
            problems.append(
                Problem(row.line, None, None, "the row needs an id (or sku, custom_id)")
            )
            return ""
        identity, reason = check_id(row.cells[column])
        if row.variant and reason is None:
            identity, reason = check_id("_".join((identity, *row.variant)))
        if reason is not None:
            problems.append(row.problem(column, row.cells[column], reason))
            return ""
        return identity

    def _job(
        self,
        row: Row,
        plan: Plan,
        names: tuple[str, str],
        pack: Pack,
        problems: list[Problem],
    ) -> Job | None:
        """The job of that id and lane, unless something is wrong with it."""
        identity, lane = names
        fields = self.fields(row.columns)
        prompt = read_prompt(row, fields, plan.model, pack, self.wording)
        negative = read_negative_prompt(row, fields.columns, plan.model, pack.defaults)
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
            together = beside(values, prompt, negative, n)
            problems += check_together(row, plan, together, self._pictures)
        stem = self._stem(row, fields, pack, identity, problems)
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
            name=stem,
            row=row.cells,
        )

    def _stem(
        self, row: Row, fields: Fields, pack: Pack, identity: str, problems: list[Problem]
    ) -> str:
        """What the job's pictures are called."""
        try:
            stem = self.wording.stem(row, fields, pack.style, identity)
            fault = None if stem or not identity else "the template for names gives none"
        except TemplateFault as error:
            stem, fault = "", str(error)
        if fault is not None:
            problems.append(Problem(row.line, None, None, fault))
        return stem

    def _shape(self, columns: tuple[str, ...]) -> _Shape:
        last, shape = self._last
        if columns is last:
            return shape
        found = self._shapes.get(columns)
        if found is None:
            if len(self._shapes) >= _KEPT:
                self._forget()
            fields = resolve(columns, self._parameters, self._said_columns)
            words = self.wording.columns_used(columns, fields)
            watch = watched(columns, fields.columns, words)
            found = self._shapes[columns] = _Shape(fields, fields.clash, watch, {})
        self._last = columns, found
        return found

    def _forget(self) -> None:
        self._shapes.clear()
        self._last = _NO_SHAPE
        self._planned = 0

    def _plan(self, row: Row, shape: _Shape, pack: Pack) -> Plan | NoModel:
        cells, columns = row.cells, shape.fields.columns
        model = cells[columns["model"]] if "model" in columns else None
        provider = cells[columns["provider"]] if "provider" in columns else None
        key = (
            model if model is None or type(model) is str else shown(model),
            provider if provider is None or type(provider) is str else shown(provider),
            pack.name,
            row.body,
        )
        plan = shape.plans.get(key)
        if plan is None:
            words = self.wording.columns_used(row.columns, shape.fields)
            header = Header(row.columns, shape.fields, row.body, words)
            plan = plan_for(header, key[:2], pack.defaults, self.catalogue)
            if isinstance(plan, Plan) or len(str(plan.value)) <= _LENGTH_KEPT:
                if self._planned >= _KEPT:
                    self._forget()
                shape.plans[key] = plan
                self._planned += 1
        return plan
