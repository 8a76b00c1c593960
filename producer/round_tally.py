"""Counts what running rows again takes back, and what it may cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from schemas.batch import ChunkRef, LaneRound
from schemas.catalogue import Catalogue
from schemas.lane import Lane
from schemas.model import Model
from schemas.result import JobResult
from schemas.states import JobState


@dataclass
class _LaneTally:
    model: Model
    states: Counter[JobState] = field(default_factory=Counter)
    images: int = 0
    cost_micro: int = 0
    possible_double_charges: int = 0
    reused: int = 0
    ordered: int = 0
    price_micro: int = 0
    """Of what is ordered, at list price."""


class RoundTally:
    """Sums over the rows that are run again."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lanes: dict[str, _LaneTally] = {}

    def add(self, result: JobResult, kept: int) -> None:
        """Count one row by how it stands, which keeps so many pictures.

        Raises UnknownModel for one that is known no more.
        """
        lane = self._lanes.get(result.lane)
        if lane is None:
            place = Lane.parse(result.lane)
            model = self._catalogue.find(place.model, place.provider)
            lane = self._lanes[result.lane] = _LaneTally(model)
        lane.states[result.state] += 1
        lane.images += len(result.images)
        lane.cost_micro += result.cost_micro
        lane.possible_double_charges += result.maybe_paid
        lane.reused += result.reused_from is not None
        missing = max(result.n - kept, 0)
        lane.ordered += missing
        lane.price_micro += lane.model.price_micro_of(result.parameters) * missing

    @property
    def states(self) -> Counter[JobState]:
        """Rows by the state they are in."""
        return sum((lane.states for lane in self._lanes.values()), Counter())

    @property
    def jobs(self) -> int:
        """Rows run again."""
        return self.states.total()

    @property
    def images(self) -> int:
        """Pictures ordered: of each row those that it does not keep."""
        return sum(lane.ordered for lane in self._lanes.values())

    @property
    def possible_double_charges(self) -> int:
        """Rows that may have been paid for already."""
        return sum(lane.possible_double_charges for lane in self._lanes.values())

    @property
    def costs_micro(self) -> dict[str, int]:
        """What the pictures cost at list price, in millionths, by currency."""
        costs: Counter[str] = Counter()
        for lane in self._lanes.values():
            costs[lane.model.currency] += lane.price_micro
        return dict(costs)

    def lane_round(self, lane: str, chunks: list[ChunkRef]) -> LaneRound:
        """One lane's part of the round."""
        tally = self._lanes[lane]
        return LaneRound(
            chunks=chunks,
            states=dict(tally.states),
            images=tally.images,
            cost_micro=tally.cost_micro,
            possible_double_charges=tally.possible_double_charges,
            reused=tally.reused,
        )
