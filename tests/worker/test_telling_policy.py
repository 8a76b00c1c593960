"""What is worth telling, and how often somebody is tried who does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.batch import Hold, LaneCounts
from schemas.lane import PAUSED_BY_HAND
from schemas.notify import Event, Occasion
from schemas.states import JobState
from worker.policy.telling import ASKED_MOST_S, GIVE_UP_S, PAUSES_S, next_try_s, standing

LANE = "dashscope:wanx-v1@default"
FAILURE = Occasion(Event.FIRST_FAILURE)
BUDGET = Occasion(Event.BUDGET)
STOPPED = Occasion(Event.STOPPED, LANE)


def lane(name: str = LANE, **changes: Any) -> LaneCounts:
    states = {JobState(key): changes.pop(key) for key in list(changes) if key in set(JobState)}
    return LaneCounts(lane=name, states=states, **changes)


def test_all_well_is_no_news() -> None:
    found = standing([lane(pending=3, running=2, succeeded=5)])
    assert (found.present, found.lasting) == ((), frozenset())


@pytest.mark.parametrize("state", ["failed", "partial", "uncertain"])
def test_a_row_that_did_not_come_whole_is_a_failure(state: str) -> None:
    assert standing([lane(pending=3), lane("other", **{state: 1})]).present == (FAILURE,)


def test_withdrawn_rows_are_none() -> None:
    assert standing([lane(cancelled=3)]).present == ()


def test_a_budget_is_spent_when_nothing_comes_back_any_more() -> None:
    held: dict[str, Any] = {"holds": [Hold.BUDGET], "pending": 3}
    waits = standing([lane(**held, running=1)])
    assert (waits.present, waits.lasting) == ((), frozenset({BUDGET}))
    assert standing([lane(**held)]).present == (BUDGET,)
    assert standing([lane(**held), lane("free", running=1)]).present == (BUDGET,)
    assert standing([lane(holds=[Hold.BUDGET], succeeded=3)]).present == ()


def test_a_stopped_lane_is_told_unless_a_person_stopped_it_or_nothing_waits() -> None:
    assert standing([lane(stopped="Arrearage", pending=1)]).present == (STOPPED,)
    assert standing([lane(stopped=PAUSED_BY_HAND, pending=1)]).present == ()
    assert standing([lane(stopped="Arrearage", succeeded=1)]).present == ()


def test_what_is_over_may_come_again_and_the_rest_never() -> None:
    finished = Occasion(Event.FINISHED, "1")
    told = {FAILURE, finished, BUDGET, STOPPED}
    assert standing([lane(stopped="Arrearage", pending=1)]).over(told) == [BUDGET]
    assert standing([lane(pending=1)]).over(told) == [BUDGET, STOPPED]


@given(
    tries=st.integers(0, 100),
    age_s=st.floats(0, 2 * GIVE_UP_S),
    asked_s=st.none() | st.floats(0, 1e9),
    chance=st.floats(0, 1),
)
def test_pauses_grow_and_end(
    tries: int, age_s: float, asked_s: float | None, chance: float
) -> None:
    wait_s = next_try_s(tries, age_s, asked_s, chance)
    if wait_s is None:
        assert age_s + max(1.2 * PAUSES_S[-1], ASKED_MOST_S) > GIVE_UP_S
        return
    assert age_s + wait_s <= GIVE_UP_S
    assert wait_s >= 0.8 * PAUSES_S[0]
    assert wait_s >= min(asked_s or 0, ASKED_MOST_S)
    assert wait_s <= max(1.2 * PAUSES_S[-1], ASKED_MOST_S)


def test_whoever_never_answers_is_tried_some_twenty_times() -> None:
    age_s, tries = 0.0, 0
    while (wait_s := next_try_s(tries, age_s, None, 0.5)) is not None:
        age_s, tries = age_s + wait_s, tries + 1
    assert 12 <= tries <= 25
    assert age_s > GIVE_UP_S * 0.9
