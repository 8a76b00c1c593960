"""The fleet: who leads, who works, and which lanes have something to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import redis

from ledger.errors import LedgerBroken, LedgerDenied, translated
from ledger.index import forget_idle, nudge, take_turns
from ledger.keys import (
    BATCH_AGENDA,
    BEATS,
    BROKER_PREFIX,
    LANES,
    LEADER,
    LONG_THREADS,
    VERSION,
    WORKERS,
)
from ledger.scripts import Call, Scripts
from ledger.version import UNMARKED

WORKER_TTL_S = 10.0
"""A worker that has not been heard of for so long counts as gone."""


class Fleet:
    """All workers together."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def lead(self, name: str, term_s: float) -> bool:
        """Become or stay the leader; False when another leads."""
        return bool(self._scripts.run(Call("lead", [LEADER], [name, int(term_s * 1000)])))

    def leader(self) -> str | None:
        """Who leads just now."""
        with translated():
            found = self._client.get(LEADER)
        return None if found is None else str(found)

    def overdue_s(self) -> float:
        """By how much the dispatcher is late with the lane it should have looked at first."""
        now_ms = self.now_ms()
        with translated():
            first = self._client.zrange(LANES, 0, 0, withscores=True)
        return max(now_ms - float(first[0][1]), 0.0) / 1000 if first else 0.0

    def due_lanes(self, again_s: float, limit: int) -> tuple[str, list[str]]:
        """Lanes whose moment has come, and the time booked for their next look."""
        booked, *lanes = self._scripts.run(take_turns(LANES, again_s, limit))
        return booked, lanes

    def book(self, moments: dict[str, float | None], booked: str) -> None:
        """Book each lane's next look in so many seconds; None: it has nothing to do."""
        calls = [
            forget_idle(LANES, lane, booked) if next_s is None else nudge(LANES, lane, next_s)
            for lane, next_s in moments.items()
        ]
        if calls:
            self._scripts.run_all(calls)

    def queue_lengths(self, queues: tuple[str, ...]) -> dict[str, int]:
        """Messages that wait in the broker."""
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for queue in queues:
                pipe.llen(f"{BROKER_PREFIX}{queue}")
            return dict(zip(queues, pipe.execute(), strict=True))

    def open_batches(self) -> int:
        """How many batches are begun and not finished."""
        with translated():
            return int(self._client.zcard(BATCH_AGENDA))

    def report_in(self, worker: str, threads: int, long_threads: int | None = None) -> int:
        """Say that a worker is alive; the version of the ledger's records.

        `long_threads`: those that long calls may keep; None: half of them.
        """
        now_ms = self.now_ms()
        until_ms = now_ms + int(WORKER_TTL_S * 1000)
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.zadd(WORKERS, {f"{worker}|{threads}": until_ms})
            pipe.zremrangebyscore(WORKERS, "-inf", now_ms)
            if long_threads is not None:
                pipe.zadd(LONG_THREADS, {f"{worker}|{long_threads}": until_ms})
            pipe.zremrangebyscore(LONG_THREADS, "-inf", now_ms)
            pipe.get(VERSION)
            return int(pipe.execute()[-1] or UNMARKED)

    def sign_off(self, worker: str, threads: int) -> None:
        """Say that a worker leaves."""
        with translated():
            self._client.zrem(WORKERS, f"{worker}|{threads}")

    def workers(self) -> dict[str, int]:
        """Workers alive, and their threads."""
        now_ms = self.now_ms()
        with translated():
            return _threads(self._client.zrange(WORKERS, now_ms, "+inf", byscore=True))

    def long_threads(self) -> int:
        """How many threads of all workers together long calls may keep."""
        now_ms = self.now_ms()
        with translated():
            pipe = self._client.pipeline(transaction=False)
            for key in (WORKERS, LONG_THREADS):
                pipe.zrange(key, now_ms, "+inf", byscore=True)
            workers, said = map(_threads, pipe.execute())
        return sum(said.get(name, max(threads // 2, 1)) for name, threads in workers.items())

    def report_beat(self, beat: str) -> None:
        """Say that a process that fires schedules and reads manifests is alive."""
        now_ms = self.now_ms()
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.zadd(BEATS, {beat: now_ms + int(WORKER_TTL_S * 1000)})
            pipe.zremrangebyscore(BEATS, "-inf", now_ms)
            pipe.execute()

    def sign_off_beat(self, beat: str) -> None:
        """Say that it leaves."""
        with translated():
            self._client.zrem(BEATS, beat)

    def beats(self) -> list[str]:
        """Processes that fire schedules and read manifests."""
        now_ms = self.now_ms()
        with translated():
            return [str(name) for name in self._client.zrange(BEATS, now_ms, "+inf", byscore=True)]

    def now_ms(self) -> int:
        """The server's time, in ms since 1970."""
        with translated():
            seconds, micros = self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def server_info(self) -> dict[str, Any]:
        """What the server says of itself."""
        with translated():
            return dict(self._client.info())

    def server_setting(self, name: str) -> str | None:
        """One of the server's settings; None where it will not say."""
        try:
            with translated():
                found = self._client.config_get(name)
        except (LedgerBroken, LedgerDenied):
            return None  # managed servers keep CONFIG to themselves
        return None if name not in found else str(found[name])


def _threads(found: Iterable[object]) -> dict[str, int]:
    """Workers and their threads, from `name|threads`."""
    parts = [str(name).rsplit("|", 1) for name in found]
    return {name: int(threads) for name, threads in parts}
