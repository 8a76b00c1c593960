"""What all providers have in common that answer an order with its pictures."""

from __future__ import annotations

from schemas.model import Model
from worker.providers.port import (
    CancelAnswer,
    NoTaskList,
    PollAnswer,
    TaskListAnswer,
    TaskUnknown,
    TooLate,
)


class AtOnce:
    """A provider without tickets: what would be asked of a task has one answer for all."""

    def poll(self, ticket: str) -> PollAnswer:  # noqa: ARG002 - there are no tickets here
        """Nothing is known under any ticket."""
        return TaskUnknown()

    def list_tasks(
        self,
        model: Model,  # noqa: ARG002 - the same for all
        start_s: float,  # noqa: ARG002 - likewise
        end_s: float,  # noqa: ARG002 - likewise
        page: int,  # noqa: ARG002 - likewise
        *,
        running_only: bool = False,  # noqa: ARG002 - likewise
    ) -> TaskListAnswer:
        """There is no list of orders."""
        return NoTaskList()

    def cancel(self, ticket: str) -> CancelAnswer:  # noqa: ARG002 - there are no tickets here
        """An order is drawn while it is asked for."""
        return TooLate()
