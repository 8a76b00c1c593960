"""What the results of a batch add up to."""

from __future__ import annotations

from collections import Counter

from schemas.result import JobResult
from schemas.states import ENDED_STATES, JobState


class Tally:
    """Sums over results, one after the other."""

    def __init__(self) -> None:
        self._states: Counter[JobState] = Counter()
        self._costs_micro: Counter[str] = Counter()
        self.jobs = 0
        self.images = 0
        self.flawed = 0
        """Pictures the quality gate marked."""
        self.flawed_jobs = 0
        """Jobs with such pictures."""
        self.possible_double_charges = 0

    def add(self, result: JobResult) -> None:
        """Count one result."""
        self.jobs += 1
        self.images += len(result.images)
        flawed = sum(bool(image.flaws) for image in result.images)
        self.flawed += flawed
        self.flawed_jobs += flawed > 0
        self.possible_double_charges += result.possible_double_charges
        self._states[result.state] += 1
        self._costs_micro[result.currency] += result.cost_micro

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def states(self) -> dict[JobState, int]:
        """Jobs by state: every final state, and any other that occurs."""
        others = (state for state in JobState if state not in ENDED_STATES and self._states[state])
        return {state: self._states[state] for state in (*ENDED_STATES, *others)}

    @property
    def costs_micro(self) -> dict[str, int]:
        """Millionths of a unit by currency, in order of its name; currencies are never mixed."""
        return dict(sorted(self._costs_micro.items()))
