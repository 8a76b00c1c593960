"""Whatever a batch or a lane may be has words, in both languages."""

from __future__ import annotations

from ledger.status import HELD_STATES
from producer.standing import STATES
from producer.ui.words import BATCH_STATES, LIMITS
from schemas.lane import Limit
from schemas.states import BatchState


def test_every_state_and_every_limit_has_words() -> None:
    assert {str(state) for state in BATCH_STATES} == {*BatchState, *HELD_STATES.values()}
    assert set(LIMITS) == set(Limit)


def test_every_way_of_being_held_says_what_is_to_be_done() -> None:
    assert STATES.keys() == set(HELD_STATES.values())
