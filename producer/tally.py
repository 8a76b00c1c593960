"""Counts what a manifest holds: rows, problems, images, money."""

from __future__ import annotations

from collections import Counter

from producer.checking import Bad, Good
from producer.problem import Caution, Problem
from schemas.catalogue import Catalogue
from schemas.lane import Lane
from schemas.model import Model

PROBLEMS_KEPT = 1000
CAUTIONS_KEPT = 100


class Tally:
    """Exact counts, and the first problems and cautions to show."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.good = 0
        self.bad = 0
        self.problem_count = 0
        self.caution_count = 0
        self.problems: list[Problem] = []
        self.cautions: list[Caution] = []
        self.lanes: Counter[str] = Counter()
        """Jobs of each lane."""
        self.lane_images: Counter[str] = Counter()
        """Images ordered from each lane."""
        self._costs: Counter[str] = Counter()
        self._models: dict[str, Model] = {}

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
        if isinstance(checked, Bad):
            self.bad += 1
            self.problem_count += len(checked.problems)
            self.problems.extend(checked.problems[: PROBLEMS_KEPT - len(self.problems)])
            return
        job = checked.job
        self.good += 1
        self.lanes[job.lane] += 1
        self.lane_images[job.lane] += job.n
        model = self.model(job.lane)
        # Summed by the job: size and quality may change the price from row to row.
        self._costs[model.currency] += model.price_micro_of(job.parameters) * job.n
        if checked.cautions:
            self.caution_count += len(checked.cautions)
            self.cautions.extend(checked.cautions[: CAUTIONS_KEPT - len(self.cautions)])

    def costs(self) -> dict[str, int]:
        """What the good rows cost at list price, in millionths, by currency."""
        return dict(self._costs)

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
