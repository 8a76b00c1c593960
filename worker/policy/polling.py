"""When to look at a task again, and when to stop looking.

A look costs one of the account's task queries (Model Studio: 20 a second for everything); a late
look costs waiting. With a known distribution of generation times the best looks lie at fixed
quantiles: the first where a finished task becomes likely but the fastest have not waited long, the
others spaced so that each finds a fair part of what is left.

`PLAN` was tuned on log-normal times (median 4 s, sigma 0.4) for at most 2.5 looks a job. There is a
floor: to notice half of such tasks within 0.5 s and all but 5 % within 1.5 s takes 2.61 looks even
for one who knows the distribution exactly (dynamic programming over all schedules), so the plan
keeps the looks and the 1.5 s, and lets the median be about 0.6 s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from schemas.failure import ErrorClass, Failure

PLAN = (0.32, 0.64, 0.82, 0.92)
"""Quantiles of the learned generation times at which to look."""
FIRST_OF_TYPICAL = 0.05
FIRST_MIN_S = 0.5
GROWTH = 0.5
"""Before enough was learned the looks are many: from a twentieth of the typical time, each half as
far again. A provider faster than its catalogue entry is then learned within a few jobs."""
LEARNED_ENOUGH = 5
JITTER = 0.05
MIN_GAP_S = 0.2
MIN_GAP_OF_MEDIAN = 0.04
TAIL_OF_ELAPSED = 0.1
TAIL_MIN_S = 0.5
TAIL_MAX_S = 15.0
BACKSTOP = 0.97
"""While the provider's task list is looked at (looking.py), a task is looked at alone only when it
takes much longer than nearly all do."""
BACKSTOP_MARGIN = 2.0
BACKSTOP_LEARNED = 30
"""Times from which on the slowest are among them: the first ones learned are those of the fastest."""
BACKSTOP_GROWTH = 0.5
BACKSTOP_MAX_S = 60.0

POLL_DEADLINE_S = 3 * 3600.0
"""The provider ends a task itself after this (Model Studio: error codes, InternalError.Timeout)."""
UNKNOWN_GRACE_S = 60.0
"""A task younger than this may be unknown because the provider has not spread the word yet."""


def next_poll_s(
    elapsed_s: float, learned: Sequence[float], typical_s: float, dice_value: float
) -> float:
    """Seconds to wait before the next look.

    `elapsed_s` since the order; `learned` the lane's last generation times in seconds, in any
    order; `typical_s` the catalogue's guess; `dice_value` is chance between 0 and 1.
    """
    known = sorted(time_s for time_s in learned if time_s > 0)
    if len(known) < LEARNED_ENOUGH:
        first_s = max(FIRST_OF_TYPICAL * typical_s, FIRST_MIN_S)
        wait_s = min(max(GROWTH * elapsed_s, first_s), TAIL_MAX_S)
    else:
        looks_s = [quantile(known, part) for part in PLAN]
        wait_s = _wait_s(max(elapsed_s, 0.0), looks_s, quantile(known, 0.5))
    return wait_s * (1 + JITTER * (2 * dice_value - 1))


def backstop_s(elapsed_s: float, learned: Sequence[float], dice_value: float) -> float:
    """Seconds until a task is looked at alone although the list is looked at; see next_poll_s."""
    if len(learned) >= BACKSTOP_LEARNED:
        first_s = BACKSTOP_MARGIN * quantile(sorted(learned), BACKSTOP) + TAIL_MIN_S
    else:
        first_s = max([BACKSTOP_MAX_S, *(2 * time_s for time_s in learned)])
    wait_s = first_s - elapsed_s
    if elapsed_s >= first_s * (1 - 2 * JITTER):
        wait_s = min(max(BACKSTOP_GROWTH * elapsed_s, TAIL_MIN_S), BACKSTOP_MAX_S)
    return wait_s * (1 + JITTER * (2 * dice_value - 1))


def _wait_s(elapsed_s: float, looks_s: list[float], median_s: float) -> float:
    # A first look needs no distance from an earlier one; the margin is for one that jitter made early.
    if elapsed_s < looks_s[0] * (1 - 2 * JITTER):
        return looks_s[0] - elapsed_s
    gap_s = max(MIN_GAP_S, MIN_GAP_OF_MEDIAN * median_s)
    ahead = (look_s - elapsed_s for look_s in looks_s if look_s - elapsed_s >= gap_s)
    tail_s = min(max(TAIL_OF_ELAPSED * elapsed_s, TAIL_MIN_S), TAIL_MAX_S)
    return next(ahead, tail_s)


def quantile(ordered: Sequence[float], part: float) -> float:
    """Of times in rising order, at least one; `part` from 0 to 1."""
    place = part * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def overdue(elapsed_s: float) -> Failure | None:
    """The failure of a task that has run longer than the provider lets any task run."""
    if elapsed_s < POLL_DEADLINE_S:
        return None
    return Failure(
        error_class=ErrorClass.TIMEOUT,
        code="PollDeadline",
        message=f"no result within {POLL_DEADLINE_S / 3600:g} hours of the order",
    )


def lost(elapsed_s: float) -> Failure | None:
    """The failure of a task the provider says it does not know; none while it may still be new."""
    if elapsed_s < UNKNOWN_GRACE_S:
        return None
    return Failure(
        error_class=ErrorClass.LOST,
        code="UNKNOWN",
        message="the provider does not know this task: it expired after 24 hours, "
        "or it belongs to another region or account",
    )
