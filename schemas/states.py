"""The states of jobs and batches, and the moves that are legal between them."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job is on its way."""

    PENDING = "pending"
    """In a chunk, ready, or waiting for its retry moment; nothing is at the provider."""
    RELEASED = "released"
    """It has a place in the window and a submit message is out; nothing has been sent."""
    SUBMITTING = "submitting"
    """Written immediately before the request leaves; from here a lost answer is ambiguous."""
    RUNNING = "running"
    """The provider's ticket is recorded."""
    STORING = "storing"
    """The provider is done; result addresses are recorded; images are being stored."""
    SUCCEEDED = "succeeded"
    """Every image is stored."""
    PARTIAL = "partial"
    """Some of the images are stored, the others have their errors recorded."""
    FAILED = "failed"
    """No image; the failure says why."""
    CANCELLED = "cancelled"
    """A person withdrew it."""
    UNCERTAIN = "uncertain"
    """The answer to its submit never came; it may have been paid for. A person decides."""


OPEN_STATES = (
    JobState.PENDING,
    JobState.RELEASED,
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.STORING,
)
ENDED_STATES = tuple(state for state in JobState if state not in OPEN_STATES)
IN_PLAY_STATES = (JobState.RELEASED, JobState.SUBMITTING, JobState.RUNNING)

_WITH_PICTURES = (JobState.SUCCEEDED, JobState.PARTIAL)
_ENDINGS = frozenset({JobState.FAILED, JobState.CANCELLED})
LEGAL_MOVES: dict[JobState, frozenset[JobState]] = {
    # Partial or succeeded at once: withdrawn or refused, with pictures of an earlier round.
    JobState.PENDING: frozenset({JobState.RELEASED, *_WITH_PICTURES}) | _ENDINGS,
    JobState.RELEASED: frozenset({JobState.SUBMITTING, JobState.PENDING, *_WITH_PICTURES})
    | _ENDINGS,
    JobState.SUBMITTING: frozenset(
        {JobState.RUNNING, JobState.STORING, JobState.PENDING, JobState.UNCERTAIN, *_WITH_PICTURES}
    )
    | _ENDINGS,
    JobState.RUNNING: frozenset({JobState.STORING, JobState.PENDING, *_WITH_PICTURES}) | _ENDINGS,
    JobState.STORING: frozenset({JobState.RUNNING, *_WITH_PICTURES}) | _ENDINGS,
    JobState.SUCCEEDED: frozenset(),
    JobState.PARTIAL: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
    JobState.UNCERTAIN: frozenset(),
}


def mermaid() -> str:
    """The diagram of a job's states, as docs/architecture.md shows it."""
    lines = ["stateDiagram-v2", "    [*] --> pending"]
    lines += [
        f"    {state} --> {after}"
        for state, moves in LEGAL_MOVES.items()
        for after in sorted(moves, key=list(JobState).index)
    ]
    lines += [f"    {state} --> [*]" for state in ENDED_STATES]
    return "\n".join(lines)


class BatchState(StrEnum):
    """Where a batch is on its way."""

    OPENING = "opening"
    """Its chunks are being handed in; the same submit, repeated, completes it."""
    RUNNING = "running"
    """All its jobs are in the ledger or in chunks; workers act on them."""
    FINISHED = "finished"
    """Every job has ended and the results tables are written."""
