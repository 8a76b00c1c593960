"""When a provider's task list is worth a question, what is asked, and what the answer tells.

One question tells of up to a hundred tasks which have ended, but not their pictures: each that has
ended is asked for once more by itself. So a picture costs one query and its share of the lists,
where looking at each task alone costs 2.4 (polling.py). What the list tells is a hint: only a task's
own answer ends a job, and a list that is late or wrong costs queries or time, never a picture.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from worker.policy.polling import LEARNED_ENOUGH, quantile

LISTS_A_PICTURE = 1.2
"""Queries for lists that a picture may cost: with its own one about as many as looks at it alone."""
SHORTEST_S = 0.5
"""Half of the pictures are then noticed within half of this, and the way of two messages."""
LONGEST_S = 20.0
WORTHWHILE_S = 1.0
"""Looks less often than this notice pictures later than looks at each task alone,"""
WORTHWHILE_OF_TYPICAL = 0.3
"""or than this share of the mean generation time, where that is longer."""
HYSTERESIS = 1.5
SINGLE_LOOKS = 2.5
"""Queries a picture when each task is looked at alone."""
SINGLE_SHARE = 0.8
"""Of the account's queries; where looks at each task alone need more, there are lists however late."""
LEAST_SHARE = 0.1
"""Of the account's queries, for lists where pictures alone need all of them; less the more pictures
wait, since no list is asked for while it could bring nothing forward (next_look_s)."""
FEW = 3
"""Tasks, before anything was learned, for which lists are not worth it."""
YOUNGEST = 0.05
"""Quantile of the learned times; a younger task is not asked for."""
AHEAD_S = 0.4
"""A task is taken up so long before its query's slot, which is lost when the message comes late."""
PAGE_SIZE = 100
"""Tasks on a page (Model Studio: asynchronous tasks); elsewhere it costs a query to find out."""
UNFILTERED_MOST = 90
"""Orders that fit on one page, be they running or not."""
OLDEST = 60
"""Of more orders than that, the oldest tasks are asked for: orders of the same seconds fill the page."""
MOST_PAGES = 10
DISTRUST = 5
"""False alarms from which on only a task listed as ended counts; ends not told of from which on the
list is left alone for a while."""
SPARE_S = 1.0
"""By which the span is wider on both sides: the provider tells its time in whole seconds."""
LAG_ALLOWED_S = 3.0
SKEW_TOLD_S = 2.0
"""The provider's clock turns out to be further off than we thought: who is absent proves nothing."""


class Listed(Protocol):
    """A task in the provider's list."""

    @property
    def ticket(self) -> str:
        """Which one it is."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the list shows it as ended."""
        ...


@dataclass(frozen=True)
class Question:
    """What the list is asked for, on the provider's clock."""

    start_s: float
    end_s: float
    running_only: bool
    """Only tasks that are being drawn: of many orders the least pages. Who is absent has ended."""


def interval_s(
    running: int,
    learned: Sequence[float],
    pages: int,
    query_rate_per_s: float,
    *,
    looking: bool,
) -> float | None:
    """Seconds between two looks at the list; None: each task is to be looked at alone.

    `running` tasks at the provider; `learned` the lane's last generation times (s); `pages` that one
    look takes; `query_rate_per_s` is what the account allows. `looking`: the list is looked at
    already, which is not given up at once.

    The pictures' own queries come first: lists get what those leave of the account's rate, and
    where they leave nothing, a small share that makes pictures late instead of orders few.
    """
    if running < 1 or (running < FEW and len(learned) < LEARNED_ENOUGH):
        return None
    if len(learned) < LEARNED_ENOUGH:
        return max(SHORTEST_S, pages / (LISTS_A_PICTURE * query_rate_per_s / SINGLE_LOOKS))
    typical_s = max(fmean(learned), 1e-3)
    if typical_s < SHORTEST_S and not looking:  # drawn before a list could tell of it
        return None
    ends_per_s = running / typical_s
    spare_per_s = max(query_rate_per_s - ends_per_s, LEAST_SHARE * query_rate_per_s)
    wait_s = max(SHORTEST_S, pages / spare_per_s, pages / (LISTS_A_PICTURE * ends_per_s))
    worthwhile_s = max(WORTHWHILE_S, WORTHWHILE_OF_TYPICAL * typical_s)
    worthwhile_s *= HYSTERESIS if looking else 1.0
    if wait_s > worthwhile_s and SINGLE_LOOKS * ends_per_s <= SINGLE_SHARE * query_rate_per_s:
        return None
    return min(wait_s, max(LONGEST_S, pages / (LEAST_SHARE * query_rate_per_s)))


def youngest_s(learned: Sequence[float]) -> float:
    """The age in seconds below which a task has hardly ended."""
    if len(learned) < LEARNED_ENOUGH:
        return 0.0
    return quantile(sorted(learned), YOUNGEST)


def shown_alone(learned: Sequence[float], false_alarms: int, orders: int) -> bool:
    """Whether the list is asked for the tasks that are being drawn, and who is absent has ended.

    It takes the least pages where there were many orders, but a task that waits is absent, too. So
    it is no way before the lane knows the age at which tasks begin to end, or after false alarms.
    """
    settled = len(learned) >= LEARNED_ENOUGH and false_alarms < DISTRUST
    return settled and orders > UNFILTERED_MOST


def most_asked(*, running_only: bool) -> int:
    """How many tasks, the oldest of a lane, one look is about."""
    return MOST_PAGES * PAGE_SIZE if running_only else OLDEST


def question(sent_s: float, taken_s: float, skew_s: float, *, running_only: bool) -> Question:
    """What to ask about tasks ordered from `sent_s` to `taken_s`, on the ledger's clock.

    `skew_s` is the provider's clock minus the ledger's.
    """
    return Question(sent_s + skew_s - SPARE_S, taken_s + skew_s + SPARE_S, running_only)


def pages_expected(taken_s: Iterable[float], asked: Question) -> int:
    """Pages that tasks taken at these moments (on the provider's clock) fill, with none else's."""
    if not asked.running_only:
        return 1
    shown = sum(moment_s <= asked.end_s + SPARE_S for moment_s in taken_s)
    return max(math.ceil(shown / PAGE_SIZE), 1)


def ended(
    tickets: Iterable[str], listed: Collection[Listed], asked: Question, *, whole: bool
) -> list[str]:
    """Those of the tickets whose tasks have ended, as the list has it, in the order given.

    `whole`: all pages are there, and the span was right by the provider's clock.
    """
    shown = {task.ticket: task.ended for task in listed}
    absent_ended = asked.running_only and whole
    return [ticket for ticket in tickets if shown.get(ticket, absent_ended)]


def moments_s(count: int, query_rate_per_s: float, busy_s: float) -> list[float]:
    """When to take up each of so many tasks, in seconds: one after the other, as the account allows,
    after those that are taken up in the next `busy_s`."""
    first_s = busy_s + AHEAD_S if busy_s > 0 else 0.0
    return [max(first_s + place / query_rate_per_s - AHEAD_S, 0.0) for place in range(count)]


def next_look_s(interval_s: float, busy_s: float) -> float:
    """When to look at the list again: no sooner than it could bring a task forward, since those are
    asked for first that have been found."""
    return max(interval_s, busy_s)


def hold_s(interval_s: float) -> float:
    """Seconds after a look that is due, for which each task's own look waits for it."""
    return 3.0 + 2 * interval_s


def told_late(ended_ago_s: float, looked_ago_s: float) -> bool:
    """Whether the list should have told of a task that ended so long ago: it was read since."""
    return ended_ago_s > looked_ago_s + LAG_ALLOWED_S


def skew_held(assumed_s: float, found_s: float | None) -> bool:
    """Whether the provider's clock is where it was thought to be."""
    return found_s is not None and math.fabs(found_s - assumed_s) <= SKEW_TOLD_S
