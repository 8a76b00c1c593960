"""Ledgers that mind a Redis Cluster's slots: one call, one slot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import redis
from redis.crc import key_slot

from ledger.connection import connect
from ledger.exchange import Reply
from ledger.opening import Ledger, ledger_on
from ledger.scripts import Call, Scripts


def slots_of(keys: Sequence[str]) -> set[int]:
    """The slots of a cluster that keys lie in."""
    return {key_slot(key.encode()) for key in keys}


class OneSlotScripts(Scripts):
    """Refuses, on any server, a call whose keys a cluster would keep apart."""

    def run_all(self, calls: Sequence[Call]) -> list[Reply]:
        for call in calls:
            assert len(slots_of(call.keys)) == 1, f"{call.script} needs two slots: {call.keys}"
        return super().run_all(calls)


class StrictScripts(OneSlotScripts):
    """Has a cluster-enabled server watch the keys that scripts make themselves, too.

    A server trusts a script without a first line `#!lua` to know what it does, and lets it reach
    into any slot the server happens to own. In a larger cluster that slot would be elsewhere.
    """

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(client)
        self.ran: set[str] = set()
        self._sources = {name: f"#!lua\n{source}" for name, source in self._sources.items()}
        self._digests = {
            name: str(client.script_load(source)) for name, source in self._sources.items()
        }

    def run_all(self, calls: Sequence[Call]) -> list[Reply]:
        replies = super().run_all(calls)
        self.ran |= {call.script for call in calls}
        return replies


@contextmanager
def one_slot_ledger(url: str) -> Iterator[Ledger]:
    """A ledger that notices a call of two slots."""
    client = connect(url, threads=24)
    with _closed(ledger_on(client, OneSlotScripts(client))) as ledger:
        yield ledger


@contextmanager
def strict_ledger(url: str) -> Iterator[tuple[Ledger, StrictScripts]]:
    """A ledger for a cluster-enabled server, and what runs on it."""
    client = connect(url, threads=24)
    scripts = StrictScripts(client)
    with _closed(ledger_on(client, scripts)) as ledger:
        yield ledger, scripts


@contextmanager
def _closed(ledger: Ledger) -> Iterator[Ledger]:
    try:
        yield ledger
    finally:
        ledger.close()
