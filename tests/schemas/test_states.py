"""The table of states, and its diagram."""

from __future__ import annotations

import pytest

from schemas.states import ENDED_STATES, IN_PLAY_STATES, LEGAL_MOVES, OPEN_STATES, JobState, mermaid


def test_states_are_open_or_ended() -> None:
    assert set(OPEN_STATES) | set(ENDED_STATES) == set(JobState)
    assert not set(OPEN_STATES) & set(ENDED_STATES)
    assert set(IN_PLAY_STATES) < set(OPEN_STATES)


@pytest.mark.parametrize("state", OPEN_STATES)
def test_every_open_job_can_be_cancelled_or_fail(state: JobState) -> None:
    assert {JobState.CANCELLED, JobState.FAILED} <= LEGAL_MOVES[state]


@pytest.mark.parametrize("state", ENDED_STATES)
def test_an_ended_job_goes_nowhere(state: JobState) -> None:
    assert LEGAL_MOVES[state] == frozenset()


@pytest.mark.parametrize("state", [s for s in JobState if s is not JobState.SUBMITTING])
def test_only_a_lost_answer_is_uncertain(state: JobState) -> None:
    assert JobState.UNCERTAIN not in LEGAL_MOVES[state]
    assert JobState.UNCERTAIN in LEGAL_MOVES[JobState.SUBMITTING]


def test_nothing_runs_that_was_not_marked_as_submitting_or_stored() -> None:
    before = {state for state in JobState if JobState.RUNNING in LEGAL_MOVES[state]}
    assert before == {JobState.SUBMITTING, JobState.STORING}


def test_the_diagram_has_every_move_once() -> None:
    lines = [line.strip() for line in mermaid().splitlines()]
    moves = sum(len(after) for after in LEGAL_MOVES.values())
    assert lines[:2] == ["stateDiagram-v2", "[*] --> pending"]
    assert len(lines) == len(set(lines)) == 2 + moves + len(ENDED_STATES)
    assert "submitting --> uncertain" in lines
    assert "succeeded --> [*]" in lines
