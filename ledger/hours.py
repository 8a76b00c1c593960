"""The batches that order at certain hours only, and when to look at each."""

from __future__ import annotations

import redis

from ledger.errors import translated
from ledger.index import nudge, put_off, take_turns
from ledger.keys import HOURS
from ledger.scripts import Scripts


class HoursIndex:
    """All batches that order at certain hours only and are not finished."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def look_at(self, batch: str) -> None:
        """Ask for a look now."""
        self._scripts.run(nudge(HOURS, batch))

    def due(self, again_s: float, limit: int = 100) -> list[str]:
        """Batches to look at; each is looked at again after `again_s`."""
        return list(self._scripts.run(take_turns(HOURS, again_s, limit))[1:])

    def book(self, batch: str, delay_s: float) -> None:
        """Look at it again after a while."""
        self._scripts.run(put_off(HOURS, batch, delay_s))

    def forget(self, batch: str) -> None:
        """It is finished."""
        with translated():
            self._client.zrem(HOURS, batch)
