"""One whole storm: ground, crew, weather, verdict."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schemas.clock import SystemClock
from tests.storm.crew import Crew
from tests.storm.ground import Ground
from tests.storm.guardian import Guardian
from tests.storm.mill_side import MillSide
from tests.storm.peer_side import PeerSide
from tests.storm.plan import Plan
from tests.storm.side import Side
from tests.storm.weather import Course, Weather
from tests.verdict import Verdict


@dataclass(frozen=True)
class Report:
    """What became of a storm."""

    plan: Plan
    course: Course
    verdict: Verdict
    throttled: int
    faults_struck: int
    exit_codes: list[int]
    told: dict[str, int]
    """Figures only this side has."""

    @property
    def findings(self) -> list[str]:
        """Everything that is not as it should be."""
        wrong = [code for code in self.exit_codes if code]
        ends = [f"workers ended SIGTERM with {wrong}"] if wrong else []
        return [*self.course.findings, *ends, *self.verdict.findings]

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "wish": asdict(self.plan.wish),
            "digest": self.plan.digest,
            "seconds": round(self.course.seconds, 1),
            "figures": asdict(self.verdict.figures),
            "uncertain": self.verdict.figures.uncertain,
            "throttled": self.throttled,
            "faults_struck": self.faults_struck,
            "strikes": self.course.strikes,
            "told": self.told,
            "findings": self.findings,
            "timeline": self.course.timeline,
        }


def run_storm(
    plan: Plan,
    folder: Path,
    say: Callable[[str], None],
    *,
    peer: bool = False,
    seaweed: bool = False,
) -> Report:
    """Let a storm happen in `folder`; everything it started is ended when this returns or raises."""
    clock = SystemClock()
    with Guardian() as guardian, ExitStack() as stack:
        ground = Ground(folder, stack, plan)
        guardian.look()
        side: Side = (
            PeerSide(ground, stack, clock) if peer else MillSide(ground, stack, seaweed=seaweed)
        )
        crew = Crew(side.worker, folder, plan.wish.workers)
        stack.callback(crew.close)
        guardian.look()
        weather = Weather(plan, side, ground, crew, guardian)
        assert weather.crew_is_ready(clock), "the workers did not begin to work"
        side.hand_in()
        course = weather.blow(clock, say)
        side.settle()
        # SIGTERM ends one that is only starting as it ends any program: it has no handler yet.
        if not weather.crew_is_ready(clock):
            course.findings.append("a worker that took a killed one's place did not begin to work")
        codes = crew.terminate()
        verdict = side.judged(ground.tasks())
        told = side.told(crew)
        return Report(
            plan, course, verdict, ground.throttled(), ground.faults_struck(), codes, told
        )
