"""Counts what a manifest holds: rows, problems, images, money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from producer.checking import Bad, Good
from producer.problem import Caution, Problem
from schemas.catalogue import Catalogue
from schemas.job import Job
from schemas.lane import Lane
from schemas.model import Model

PROBLEMS_KEPT = 1000
CAUTIONS_KEPT = 100
FIRST_KEPT = 3
"""Jobs kept to be shown before anything is ordered."""

_COLUMNS_KEPT = 1000
_PRICES_KEPT = 1000


@dataclass(frozen=True)
class AlreadyDone:
    """Rows whose pictures are stored already, so that they cost nothing; all of it by lane."""

    rows: Mapping[str, int]
    images: Mapping[str, int]
    costs_micro: Mapping[str, int]
    """What they would cost at list price, in millionths."""
    first_left: Sequence[Job] = ()
    """The first jobs that are not among them, in the manifest's order."""


class _Prices:
    """What images of a model cost, worked out once for all orders that cost the same."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._names = model.price_names
        self._plain_micro = None if self._names else model.price_micro_of({})
        self._known: dict[tuple[Any, ...], int] = {}

    def of(self, parameters: dict[str, Any]) -> int:
        """Millionths of a currency unit per stored image of an order with these parameters."""
        if self._plain_micro is not None:
            return self._plain_micro
        key = tuple([parameters.get(name) for name in self._names])
        try:
            price_micro = self._known.get(key)  # 1 and True are one key, and to a tier too
        except TypeError:
            return self._model.price_micro_of(parameters)  # a list is no key
        if price_micro is None:
            price_micro = self._model.price_micro_of(parameters)
            if len(self._known) < _PRICES_KEPT:
                self._known[key] = price_micro
        return price_micro


class Tally:
    """Exact counts, and the first problems and cautions to show."""

    def __init__(
        self, catalogue: Catalogue, *, unit: str = "row", first_kept: int = FIRST_KEPT
    ) -> None:
        self._catalogue = catalogue
        self.unit = unit
        """What is counted: a matrix makes several orders of a row."""
        self.first: list[Job] = []
        self._first_kept = first_kept
        self.good = 0
        self.bad = 0
        self.lines = 0
        """Lines of the manifest on which they are; problems of a line are told once."""
        self._line = 0
        self.repeated = 0
        """Of the bad rows, those whose id or files' name an earlier one has."""
        self.problem_count = 0
        self.caution_count = 0
        self.problems: list[Problem] = []
        self.cautions: list[Caution] = []
        self.wrong_in: Counter[str] = Counter()
        """Bad rows by column, as far as there are not too many columns."""
        self.lanes: Counter[str] = Counter()
        """Jobs of each lane."""
        self.lane_images: Counter[str] = Counter()
        """Images ordered from each lane."""
        self.lane_costs: Counter[str] = Counter()
        """What they cost at list price, in millionths."""
        self._models: dict[str, Model] = {}
        self._prices: dict[str, _Prices] = {}

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.good + self.bad

    @property
    def images(self) -> int:
        """Images ordered by the good rows."""
        return self.lane_images.total()

    def add(self, checked: Good | Bad) -> None:
        """Count one row."""
        line = checked.row.line if isinstance(checked, Bad) else checked.job.line
        if line != self._line:
            self._line = line
            self.lines += 1
        if isinstance(checked, Bad):
            self.bad += 1
            self.repeated += checked.repeats
            self.problem_count += len(checked.problems)
            self.problems.extend(checked.problems[: PROBLEMS_KEPT - len(self.problems)])
            if len(self.wrong_in) < _COLUMNS_KEPT:
                self.wrong_in.update({problem.column or "" for problem in checked.problems})
            return
        job = checked.job
        self.good += 1
        if len(self.first) < self._first_kept:
            self.first.append(job)
        self.lanes[job.lane] += 1
        self.lane_images[job.lane] += job.n
        # Summed by the job: size and quality may change the price from row to row.
        self.lane_costs[job.lane] += self.cost_micro(job)
        if checked.cautions:
            self.caution_count += len(checked.cautions)
            self.cautions.extend(checked.cautions[: CAUTIONS_KEPT - len(self.cautions)])

    def warn(self, cautions: Sequence[Caution]) -> None:
        """Take what only all rows together show; it is said before what single rows show."""
        self.caution_count += len(cautions)
        self.cautions[:0] = cautions

    def cost_micro(self, job: Job) -> int:
        """What an order costs at list price, in millionths."""
        prices = self._prices.get(job.lane)
        if prices is None:
            prices = self._prices[job.lane] = _Prices(self.model(job.lane))
        return prices.of(job.parameters) * job.n

    def costs(self) -> dict[str, int]:
        """What the good rows cost at list price, in millionths, by currency."""
        costs: Counter[str] = Counter()
        for lane, cost_micro in self.lane_costs.items():
            costs[self.model(lane).currency] += cost_micro
        return dict(costs)

    def lane_currencies(self) -> dict[str, str]:
        """What each lane of the good rows bills in."""
        return {lane: self.model(lane).currency for lane in self.lanes}

    def model(self, text: str) -> Model:
        """The model of a lane."""
        model = self._models.get(text)
        if model is None:
            lane = Lane.parse(text)
            model = self._models[text] = self._catalogue.find(lane.model, lane.provider)
        return model
