"""What Flower hears of a worker: that it is there, and once somebody asks for them, its tasks."""

from __future__ import annotations

from typing import Any

from celery import bootsteps
from celery.worker.heartbeat import Heart

SAID_EVERY_S = 5.0
"""Nobody but Flower listens to it: whether a worker lives is known from the ledger."""


class _Pulse(Heart):
    """Celery's own would wait for a server that is away for as long as that takes, and hold up a worker
    that is to end."""

    def _send(self, event: str, retry: bool = False) -> Any:  # noqa: ARG002 - Celery's signature
        return super()._send(event, retry=False)  # type: ignore[misc] # the types leave it out


class TaskEvents(bootsteps.StartStopStep):
    """Puts that pulse in the place of Celery's, with each new connection. Events of tasks stay off
    until Flower asks; without a pulse Celery would send none, whoever asks."""

    requires = ("celery.worker.consumer.heart:Heart",)

    def start(self, consumer: Any) -> None:
        """The step that made the other stops this one, too."""
        consumer.heart.stop()
        consumer.heart = _Pulse(consumer.timer, consumer.event_dispatcher, SAID_EVERY_S)
        consumer.heart.start()
