"""Moves a worker may ask for."""

from __future__ import annotations

from hypothesis import strategies as st

from ledger.moves import Move
from schemas.states import ENDED_STATES, LEGAL_MOVES, OPEN_STATES, JobState

DELAYS_S = st.sampled_from([0.0, 0.0, 700.0, 800.0])


@st.composite
def moves_from(draw: st.DrawFn, source: JobState) -> Move:
    """Any move a worker may ask for, the ways onward more often than the endings."""
    # Only the window makes a job released.
    targets = (set(LEGAL_MOVES[source]) | {source}) - {JobState.RELEASED}
    if source is JobState.RELEASED:
        targets.add(source)
    onward = [target for target in OPEN_STATES if target in targets]
    target = draw(st.sampled_from(3 * onward + sorted(targets)))
    ended = target in ENDED_STATES
    return Move(
        source,
        target,
        delay_s=draw(DELAYS_S),
        ready=target is JobState.PENDING and draw(st.booleans()),
        attempts=draw(st.integers(-1, 1)),
        doubles=draw(st.integers(0, 1)),
        at_risk_micro=3 * ended,
        ticket=draw(st.sampled_from(["t-1", "t-2"])) if target is JobState.RUNNING else "",
        images=2 * ended,
        cost_micro=7 * ended,
    )


MARK = Move(JobState.RELEASED, JobState.SUBMITTING, delay_s=30, lease_left_s=15, attempts=1)
"""As it is written right before a request leaves."""
