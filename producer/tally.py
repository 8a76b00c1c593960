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
        if checked.cautions:
            self.caution_count += len(checked.cautions)
            self.cautions.extend(checked.cautions[: CAUTIONS_KEPT - len(self.cautions)])

    def costs(self) -> dict[str, int]:
        """What the good rows cost at list price, in millionths, by currency."""
        costs: Counter[str] = Counter()
        for lane, images in self.lane_images.items():
            model = self._model(lane)
            costs[model.currency] += model.price_micro * images
        return dict(costs)

    def lane_currencies(self) -> dict[str, str]:
        """What each lane of the good rows bills in."""
        return {lane: self._model(lane).currency for lane in self.lanes}

    def _model(self, text: str) -> Model:
        lane = Lane.parse(text)
        return self._catalogue.find(lane.model, lane.provider)
