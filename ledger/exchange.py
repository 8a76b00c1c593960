"""Commands to the server and their replies: one way there and back, whatever the number.

A script is sent some eight times a job, so its way counts. redis-py's pipeline takes a connection from its
pool under a lock, asks the socket whether it is alive, and counts what it did, which costs more than
sending and reading. Here a connection that was used last is used next; that it is dead is noticed when
it is used, and what was sent is sent again, which every script allows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import redis

Connection = Any
"""redis-py's, whose methods have no types."""
Command = Sequence[str | int | float]
Reply = Any
"""What the server answered: int, str, lists of them, or a ResponseError."""


class Exchange:
    """Sends commands on connections made like those of a pool; shared by any number of threads."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool
        self._idle: deque[Connection] = deque()

    def send(self, commands: Sequence[Command]) -> list[Reply]:
        """The commands' replies, in order. Raises redis.RedisError where the server is not reached."""
        try:
            connection = self._idle.pop()
        except IndexError:
            # The pool knows it, and closes it with the others.
            connection = self._pool.make_connection()
        try:
            replies: list[Reply] = connection.retry.call_with_retry(
                lambda: _exchanged(connection, commands), lambda _: connection.disconnect()
            )
        except BaseException:
            connection.disconnect()  # nobody may ever read what is left of these replies
            raise
        finally:
            self._idle.append(connection)
        return replies


def _exchanged(connection: Connection, commands: Sequence[Command]) -> list[Reply]:
    connection.send_packed_command(connection.pack_commands(commands))
    return [_reply(connection) for _ in commands]


def _reply(connection: Connection) -> Reply:
    try:
        return connection.read_response()
    except redis.ResponseError as error:
        return error
