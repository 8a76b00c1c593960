"""What there is to tell of a batch, and when a notice that nobody took is sent again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from schemas.batch import Hold, LaneCounts
from schemas.lane import PAUSED_BY_HAND
from schemas.notify import Event, Occasion
from schemas.states import OPEN_STATES, JobState

PAUSES_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)
"""Before the second try, the third ...; the last before each further one."""
JITTER = 0.2
GIVE_UP_S = 86_400.0
"""Who could not be told for a day looks at `imagemill status` sooner."""
ASKED_MOST_S = 3600.0
"""A receiver that wants to be left alone for longer is told after this."""

NOT_WHOLE = (JobState.FAILED, JobState.PARTIAL, JobState.UNCERTAIN)
_UNDER_WAY = tuple(state for state in OPEN_STATES if state is not JobState.PENDING)


@dataclass(frozen=True)
class Standing:
    """What of a batch's standing is worth telling."""

    present: tuple[Occasion, ...]
    """Told now, each once."""
    lasting: frozenset[Occasion]
    """Not over: told again only once it was."""

    def over(self, told: Collection[Occasion]) -> list[Occasion]:
        """Of what was told, what may come again from now on."""
        come_again = (Event.BUDGET, Event.STOPPED)
        return sorted(one for one in told if one.event in come_again and one not in self.lasting)


def standing(lanes: Sequence[LaneCounts]) -> Standing:
    """What a batch's figures tell, lane by lane.

    A budget counts as spent when nothing is under way that might give money back.
    """
    present: list[Occasion] = []
    lasting: set[Occasion] = set()
    if any(lane.states.get(state) for lane in lanes for state in NOT_WHOLE):
        present.append(Occasion(Event.FIRST_FAILURE))
    parked = [lane for lane in lanes if Hold.BUDGET in lane.holds and _waits(lane)]
    if parked:
        lasting.add(Occasion(Event.BUDGET))
        if not any(lane.states.get(state) for lane in parked for state in _UNDER_WAY):
            present.append(Occasion(Event.BUDGET))
    for lane in lanes:
        if lane.stopped and lane.stopped != PAUSED_BY_HAND and _waits(lane):
            present.append(Occasion(Event.STOPPED, lane.lane))
            lasting.add(Occasion(Event.STOPPED, lane.lane))
    return Standing(tuple(present), frozenset(lasting))


def next_try_s(tries: int, age_s: float, asked_s: float | None, chance: float) -> float | None:
    """Seconds until a notice is sent again that nobody took `tries` times before; None: never.

    `asked_s` is what the receiver asked for, `chance` from 0 to 1.
    """
    pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)] * (1 + JITTER * (2 * chance - 1))
    wait_s = max(pause_s, min(asked_s or 0.0, ASKED_MOST_S))
    return None if age_s + wait_s > GIVE_UP_S else wait_s


def _waits(lane: LaneCounts) -> bool:
    return bool(lane.states.get(JobState.PENDING))
