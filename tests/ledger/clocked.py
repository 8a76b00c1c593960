"""A ledger whose scripts read the time from a key, so that a night passes in a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis

from ledger.connection import connect
from ledger.opening import Ledger, ledger_on
from ledger.scripts import Call
from tests.ledger.scene import LANE
from tests.ledger.slots import OneSlotScripts

BEGAN_S = 1_800_000_000.0
_CLOCK = f"clock:{{{LANE}}}"
_READ = "redis.call('HMGET', 'clock:' .. string.match(KEYS[1], '{.-}'), 's', 'us')"


class ClockedScripts(OneSlotScripts):
    """Tells the time with each call; only for scripts whose first key is one of LANE."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(client)
        self.now_s = BEGAN_S
        self._sources = {
            name: source.replace("redis.call('TIME')", _READ)
            for name, source in self._sources.items()
        }
        self._digests = {
            name: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
            for name, source in self._sources.items()
        }

    def _send(self, calls: Sequence[Call]) -> list[Any]:
        now_us = round(self.now_s * 1e6)
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(_CLOCK, mapping={"s": now_us // 1_000_000, "us": now_us % 1_000_000})
        for name, keys, args in calls:
            pipe.evalsha(self._digests[name], len(keys), *keys, *args)
        return pipe.execute(raise_on_error=False)[1:]


@contextmanager
def clocked_ledger(url: str) -> Iterator[tuple[Ledger, ClockedScripts]]:
    """One on a running server, at BEGAN_S; emptied when it is left."""
    client = connect(url, threads=2)
    scripts = ClockedScripts(client)
    ledger = ledger_on(client, scripts)
    try:
        yield ledger, scripts
    finally:
        client.flushall()
        ledger.close()
