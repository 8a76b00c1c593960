"""A ledger whose round trips are counted, and whose connection breaks when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ledger.opening import Ledger, ledger_on
from ledger.scripts import Scripts

_ANSWER_TIMEOUT_S = 5.0


class Wire:
    """What passes between a process and the server."""

    def __init__(self, breaks_at: int | None = None, *, answer_lost: bool = False) -> None:
        self.round_trips = 0
        self.breaks_at = breaks_at
        """The round trip from which on nothing works any more, counted from 1."""
        self.answer_lost = answer_lost
        """Whether the request that breaks still arrives."""

    @property
    def broken(self) -> bool:
        return self.breaks_at is not None and self.round_trips >= self.breaks_at


class WatchedConnection(redis.Connection):
    """A pipeline is one round trip, as a single command is."""

    def __init__(self, *, wire: Wire, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]  # redis-py has no types
        self._wire = wire
        self._ready = False

    def on_connect_check_health(self, check_health: bool = True) -> None:
        self._ready = False
        super().on_connect_check_health(check_health)
        self._ready = True

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self._sock is None:
            self.connect()  # type: ignore[no-untyped-call]  # redis-py has no types
        if self._ready:
            self._wire.round_trips += 1
        if not (self._ready and self._wire.broken):
            super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]  # redis-py has no types
            return
        if self._wire.answer_lost and self._wire.round_trips == self._wire.breaks_at:
            super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]  # redis-py has no types
            self.can_read(_ANSWER_TIMEOUT_S)
        self.disconnect()  # type: ignore[no-untyped-call]  # redis-py has no types
        raise redis.ConnectionError("the process is no more")


@contextmanager
def watched_ledger(port: int, wire: Wire) -> Iterator[Ledger]:
    """A ledger on a server of this machine, through a wire."""
    pool = redis.ConnectionPool(
        connection_class=WatchedConnection,
        host="127.0.0.1",
        port=port,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
        wire=wire,
    )
    client = redis.Redis.from_pool(pool)
    ledger = ledger_on(client, Scripts(client))
    yield ledger
    ledger.close()
