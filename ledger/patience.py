"""How long a process waits for its server: as long as it must while it works, not for long once it is to end.

A server may be gone, or take connections and never answer. Whoever waits for it then sits in a
socket's read or in a pause between two tries, in any thread and in libraries too. So the sockets of
all connections are known here, and are shut when nothing is to be waited for any more.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from collections.abc import Callable
from typing import Any, Self

import redis
from redis.backoff import AbstractBackoff, ExponentialWithJitterBackoff
from redis.retry import Retry

from schemas.clock import SystemClock

GIVE_UP_S = 4.0
"""A server that was silent for so long is not waited for by a process that is to end. Enough for one
that is started again; and whoever stops processes gives them ten seconds before they are killed."""
ASK_AGAIN_S = 0.25

Connection = Any
"""redis-py's, whose methods have no types."""


class Patience:
    """What all connections of a process have in common."""

    def __init__(
        self, answers: Callable[[], bool] = lambda: True, give_up_s: float = GIVE_UP_S
    ) -> None:
        """`answers`: asks the server whether it answers, for a second or so."""
        self._answers = answers
        self._give_up_s = give_up_s
        self._clock = SystemClock()
        self._leaving = False
        self._ended = threading.Event()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def __deepcopy__(self, _memo: object) -> Self:
        """Itself: redis-py makes a copy of what a connection is told of trying again."""
        return self

    @property
    def ended(self) -> bool:
        """Whether the server is not waited for any more."""
        return self._ended.is_set()

    def leave(self) -> None:
        """The process is to end: a server that does not answer is given up from now on.

        Then whoever waits for it gets a redis.ConnectionError, and whoever asks it anything, too. It
        is asked all the while; when it answers again all is as before. A signal's handler may call it.
        """
        if not self._leaving:
            self._leaving = True
            threading.Thread(target=self._watch, name="patience", daemon=True).start()

    def close(self) -> None:
        """Ask nothing more: there are no connections any more."""
        self._closed.set()

    def pause(self, wait_s: float) -> None:
        """Wait between two tries; returns at once where there is to be none."""
        self._ended.wait(wait_s)

    def retry(self, retries: int) -> Retry:
        """How often a connection tries, and how long it waits in between."""
        return _Retry(self, ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries)

    def greet(self, connection: Connection) -> None:
        """What a new connection does first: redis-py's `redis_connect_func`."""
        with self._lock:
            self._sockets.add(connection._sock)  # noqa: SLF001 - it gives its socket to nobody
        connection.on_connect_check_health(check_health=False)

    def _watch(self) -> None:
        answered_s = self._clock.monotonic_s()
        while not self._closed.is_set():
            if self._answers():
                answered_s = self._clock.monotonic_s()
                self._ended.clear()
            elif self._clock.monotonic_s() - answered_s > self._give_up_s:
                self._ended.set()
                self._shut()
            self._closed.wait(ASK_AGAIN_S)

    def _shut(self) -> None:
        """End every read and write on its way: to close a socket would not."""
        with self._lock:
            found = list(self._sockets)
        for each in found:
            with contextlib.suppress(OSError):  # closed already
                # Of a TLS socket it is the connection below: its other end is not asked to agree.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class _Retry(Retry):
    """Tries again where the server is away, never where it refuses us, and not once it is given up."""

    def __init__(self, patience: Patience, backoff: AbstractBackoff, retries: int) -> None:
        super().__init__(backoff, retries)
        self._patience = patience

    def call_with_retry(
        self,
        do: Callable[[], Any],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> Any:
        """Call until it works or patience ends."""
        failures = 0
        while not self._patience.ended:
            try:
                return do()
            except self._supported_errors as error:
                # A refusal is a ConnectionError to redis-py.
                refused = isinstance(error, redis.AuthenticationError)
                if refused or (is_retryable is not None and not is_retryable(error)):
                    raise
                failures += 1
                fail(error, failures) if with_failure_count else fail(error)
                if failures > self._retries:
                    raise
            self._patience.pause(self._backoff.compute(failures))
        raise redis.ConnectionError("it did not answer, and this process is to end")
