"""Who holds which job: seen from outside, in what the workers say to the server (MONITOR).

A worker reads its job's record when it takes it up, and the server names the connection that
reads; the kernel says whose connection that is.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any, Self

import psutil
import redis

from ledger.keys import LaneKeys


@dataclass(frozen=True)
class Held:
    """A job in a worker's hands."""

    ref: str
    claim: int
    state: str


class Holders:
    """Follows one lane's jobs. Use as a context manager."""

    def __init__(self, redis_url: str, lane: str) -> None:
        self._keys = LaneKeys(lane)
        self._client = redis.Redis.from_url(redis_url, decode_responses=True)
        taken = rf"{re.escape(self._keys.job_prefix)}(\S+) {re.escape(self._keys.config)} "
        self._read = re.compile(rf"EVALSHA \S+ 5 {taken}{re.escape(self._keys.learned)} .*", re.I)
        self._readers: dict[str, int] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="monitor", daemon=True)

    def held_by(self, pid: int) -> list[Held]:
        """What a process holds: it must be frozen, or the answer is old when it comes.

        Held is what it read last, and what was handed out and has had no outcome since.
        """
        ports = {link.laddr.port for link in psutil.Process(pid).net_connections("tcp")}
        refs = [ref for ref, port in list(self._readers.items()) if port in ports]
        found = []
        for ref, (claim, state, handouts) in zip(refs, self._records(refs), strict=True):
            if claim is not None and int(handouts or 0) > 0:
                found.append(Held(ref, int(claim), state))
        return found

    def moved_on(self, jobs: list[Held]) -> list[Held]:
        """Those of them that are in other hands, or in another state, or done with."""
        records = self._records([job.ref for job in jobs])
        return [
            job
            for job, (claim, state, _) in zip(jobs, records, strict=True)
            if claim is None or int(claim) > job.claim or state != job.state
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._client.ping()  # the thread sees this, and ends
        self._thread.join(timeout=5)
        self._client.close()

    def _records(self, refs: list[str]) -> list[Any]:
        pipe = self._client.pipeline(transaction=False)
        for ref in refs:
            pipe.hmget(self._keys.job(ref), "claim", "state", "handouts")
        return list(pipe.execute())

    def _follow(self) -> None:
        with self._client.monitor() as monitor:  # type: ignore[no-untyped-call]  # redis-py ships none
            for said in monitor.listen():
                if self._ending.is_set():
                    return
                read = self._read.fullmatch(said["command"])
                if read is not None and said["client_type"] == "tcp":
                    self._readers[read[1]] = int(said["client_port"])
