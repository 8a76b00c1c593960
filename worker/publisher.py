"""Publishes the dispatcher's messages through Celery, many in one round trip."""

from __future__ import annotations

from collections.abc import Sequence

import redis
from celery import Celery
from kombu.exceptions import KombuError

from worker.dispatcher import Message, NotPublished


class Publisher:
    """Sends messages on the app's own broker connection."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages. What is lost on the way is handed out again when its lease ends.

        Raises NotPublished.
        """
        try:
            self._send(messages)
        except (KombuError, redis.RedisError, OSError) as error:
            raise NotPublished(f"{type(error).__name__}: {error}") from error

    def _send(self, messages: Sequence[Message]) -> None:
        with self._app.producer_or_acquire() as producer, producer.batch(max_size=len(messages)):
            for message in messages:
                self._app.send_task(
                    message.task,
                    args=message.args,
                    queue=message.queue,
                    producer=producer,
                    declare=[],  # a queue is a list of that name: there is nothing to prepare
                    ignore_result=True,
                    argsrepr=repr(message.args),
                    kwargsrepr="{}",
                )
