"""One trace for each job: what a process tells of the steps it does. Off, it is nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Protocol

from ledger.moves import Claim


class Tracing(Protocol):
    """Tells of steps, and of the requests they make."""

    def step(self, name: str, claim: Claim, round_: int) -> AbstractContextManager[object]:
        """A step of a job, for as long as the block runs; all of one round are one trace."""
        ...

    def request(self, phase: str) -> AbstractContextManager[object]:
        """A request of the step that this thread does."""
        ...

    def outcome(self, name: str) -> None:
        """How the step that this thread does has ended."""
        ...

    def job(self, claim: Claim, round_: int, since: datetime, state: str) -> None:
        """A job has ended, in `state`; it was under way since then."""
        ...

    def close(self) -> None:
        """Send what is not sent yet, if that is quickly done."""
        ...


class NoTracing:
    """Nobody listens."""

    _nothing = nullcontext()

    def step(self, name: str, claim: Claim, round_: int) -> AbstractContextManager[object]:  # noqa: ARG002 - the port's
        """Nothing."""
        return self._nothing

    def request(self, phase: str) -> AbstractContextManager[object]:  # noqa: ARG002 - the port's
        """Nothing."""
        return self._nothing

    def outcome(self, name: str) -> None:
        """Nothing."""

    def job(self, claim: Claim, round_: int, since: datetime, state: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
