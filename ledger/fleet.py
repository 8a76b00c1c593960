"""The fleet: who leads, who works, and which lanes have something to do."""

from __future__ import annotations

from typing import Any

import redis

from ledger.errors import LedgerBroken, LedgerDenied, translated
from ledger.index import forget_idle, nudge, take_turns
from ledger.keys import BROKER_PREFIX, LANES, LEADER, WORKERS
from ledger.scripts import Call, Scripts

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

    def report_in(self, worker: str, threads: int) -> None:
        """Say that a worker is alive."""
        now_ms = self.now_ms()
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.zadd(WORKERS, {f"{worker}|{threads}": now_ms + int(WORKER_TTL_S * 1000)})
            pipe.zremrangebyscore(WORKERS, "-inf", now_ms)
            pipe.execute()

    def sign_off(self, worker: str, threads: int) -> None:
        """Say that a worker leaves."""
        with translated():
            self._client.zrem(WORKERS, f"{worker}|{threads}")

    def workers(self) -> dict[str, int]:
        """Workers alive, and their threads."""
        now_ms = self.now_ms()
        with translated():
            found = self._client.zrange(WORKERS, now_ms, "+inf", byscore=True)
        names = [str(name) for name in found]
        return {name.rsplit("|", 1)[0]: int(name.rsplit("|", 1)[1]) for name in names}

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
