"""How early to get up for a slot, and when an order must have reached its provider.

What is late after its slot is lost: the slot of the next window is later by as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LEAD_SHARE = 0.9
"""Of the last orders so many were ready in time, had they got up so early."""
LEAD_MOST_S = 0.05
"""The mark is never further ahead of its request than this."""
KNOWN_ENOUGH = 5
USUAL_SHARE = 0.75
"""Of the last answers so many took no longer than is usual."""
DELAY_MOST_S = 0.25
"""A longer wait for an answer says more about the provider than about the way to it."""


SAME_S = 0.001
"""Clocks differ by less than this from one look to the next, unless one is set."""


class Heard(NamedTuple):
    """What the ledger's server said the time was, and our own clock before and after."""

    server_s: float
    asked_s: float
    answered_s: float


def ahead_s(heard: Sequence[Heard]) -> float:
    """By how much the ledger's clock is ahead of ours.

    Each answer bounds it from both sides, and a slow one, which waited for the disk, the least.
    """
    least_s = max(each.server_s - each.answered_s for each in heard)
    most_s = min(each.server_s - each.asked_s for each in heard)
    if least_s > most_s + SAME_S:  # a clock was set meanwhile: the last answer knows
        last = heard[-1]
        return last.server_s - last.answered_s
    return (least_s + most_s) / 2


def lead_s(overheads_s: Sequence[float]) -> float:
    """How long before its slot an order gets up.

    `overheads_s`: how long the last ones took from then until nothing but the request was missing.
    """
    if len(overheads_s) < KNOWN_ENOUGH:
        return 0.0
    return min(_share(overheads_s, LEAD_SHARE), LEAD_MOST_S)


def delay_s(answer_s: float, answers_s: Sequence[float]) -> float:
    """By how much an order may have come later than usual, judged by its answer after `answer_s`.

    `answers_s`: how long the last orders of its lane waited for theirs.
    """
    if len(answers_s) < KNOWN_ENOUGH:
        return 0.0
    return min(max(answer_s - _share(answers_s, USUAL_SHARE), 0.0), DELAY_MOST_S)


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
