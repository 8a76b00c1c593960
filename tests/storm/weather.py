"""Lets a plan happen: strikes when its jobs have ended, until nothing is left to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from schemas.clock import SystemClock
from tests.storm.crew import Crew, Worker
from tests.storm.ground import Ground
from tests.storm.guardian import Guardian
from tests.storm.plan import Event, Freeze, Kill, Plan, RestartRedis
from tests.storm.side import Side, log_text

LOOK_S = 0.05
PATIENCE_S = 6.0
"""So long after the last strike the next one comes, however few jobs have ended."""
READY_TIMEOUT_S = 30.0
SHOWN_OF_LOG = 200


@dataclass
class Course:
    """What happened."""

    seconds: float = 0.0
    """From the first order to the last job's end."""
    timeline: list[str] = field(default_factory=list)
    strikes: int = 0
    findings: list[str] = field(default_factory=list)
    """Whatever the verdict on jobs and pictures does not see."""


class Weather:
    """One storm while it blows."""

    def __init__(
        self, plan: Plan, side: Side, ground: Ground, crew: Crew, guardian: Guardian
    ) -> None:
        self._side = side
        self._ground = ground
        self._crew = crew
        self._guardian = guardian
        self._left = deque(plan.events)
        # Workers start slowly on a busy machine; a storm of which much is missing is none.
        self._may_miss = max(len(plan.events) // 10, 1)
        self._thaws: list[tuple[float, Worker]] = []
        self.course = Course()

    def blow(self, clock: SystemClock, say: Callable[[str], None]) -> Course:
        """Strike until the plan is over and all is done, or nothing moves any more."""
        began_s = moved_s = struck_s = clock.monotonic_s()
        ended = 0
        while not self._side.is_done():
            now_s = clock.monotonic_s()
            count = self._side.ended()
            if count is not None and count != ended:
                ended, moved_s = count, now_s
            self._thaw(now_s)
            for worker in self._crew.replace_ended():
                self.course.findings.append(_ended_by_itself(worker))
                self._guardian.look()
            if self._is_due(ended, now_s - struck_s) and self._can_strike():
                event = self._left.popleft()
                clock.sleep(event.delay_s)
                at_s = clock.monotonic_s() - began_s
                line = f"{at_s:7.1f} s  {event.strike}  ({ended} ended)"
                self.course.timeline.append(line)
                say(line)
                self._strike(event, clock)
                struck_s = clock.monotonic_s()
            if not self._left and now_s - max(moved_s, struck_s) > self._side.quiet_s:
                self.course.findings.append(
                    f"nothing ended for {self._side.quiet_s:g} s, and {ended} had"
                )
                break
            clock.sleep(LOOK_S)
        self.course.seconds = clock.monotonic_s() - began_s
        if len(self._left) > self._may_miss:
            self.course.findings.append(f"{len(self._left)} strikes came too late for the batch")
        self._thaw(float("inf"))
        return self.course

    def crew_is_ready(self, clock: SystemClock) -> bool:
        """Wait until all workers work; False when they do not in time."""
        until_s = clock.monotonic_s() + READY_TIMEOUT_S
        while not all(map(self._side.is_ready, self._crew.workers)):
            if clock.monotonic_s() > until_s:
                return False
            clock.sleep(LOOK_S)
        return True

    def _is_due(self, ended: int, since_strike_s: float) -> bool:
        if not self._left:
            return False
        return ended >= self._left[0].after_jobs or since_strike_s > PATIENCE_S

    def _can_strike(self) -> bool:
        """A worker that is only starting holds nothing: it is waited for."""
        strike = self._left[0].strike
        match strike:
            case Kill(slot):
                worker = self._crew.workers[slot]
                return worker.frozen or self._side.is_ready(worker)
            case Freeze(slot):
                worker = self._crew.workers[slot]
                return not worker.frozen and self._side.is_ready(worker)
            case RestartRedis():
                return True
            case never:
                assert_never(never)

    def _strike(self, event: Event, clock: SystemClock) -> None:
        self.course.strikes += 1
        match event.strike:
            case Kill(slot):
                self._crew.kill(slot)
            case Freeze(slot, for_s):
                worker = self._crew.freeze(slot)
                self._thaws.append((clock.monotonic_s() + for_s, worker))
            case RestartRedis(down_s):
                self._ground.valkey.kill()
                clock.sleep(down_s)
                self._ground.valkey.restart()
            case never:
                assert_never(never)
        self._guardian.look()

    def _thaw(self, now_s: float) -> None:
        for moment in [each for each in self._thaws if each[0] <= now_s]:
            self._thaws.remove(moment)
            self._crew.thaw(moment[1])


def _ended_by_itself(worker: Worker) -> str:
    """Who, how, and why by its own account: the last lines of its log."""
    lines = [line for line in log_text(worker.log).splitlines() if line.strip()]
    grave = [line for line in lines if '"critical"' in line or "CRITICAL" in line] or lines
    last = grave[-1][:SHOWN_OF_LOG] if grave else "it wrote nothing"
    return f"{worker.log.stem} ended by itself with {worker.process.returncode}: {last}"
