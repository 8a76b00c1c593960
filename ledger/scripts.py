"""Loads the Lua scripts and runs them, several in one round trip."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

import redis

from ledger.errors import translated
from ledger.exchange import Command, Exchange, Reply

Argument = str | int | float

COPIED_WITHIN_MS = 1000
"""A replica that has not acknowledged a write by then is behind, or gone."""


class Call(NamedTuple):
    """One script with its arguments."""

    script: str
    keys: Sequence[str]
    args: Sequence[Argument]


class Scripts:
    """All scripts of this package, by name, on one client."""

    def __init__(self, client: redis.Redis, *, copies: int = 0) -> None:
        """`copies`: how many replicas must have what `run_copied` wrote."""
        self._client = client
        self._copies = copies
        self._exchange = Exchange(client.connection_pool)
        self._sources = {
            entry.name.removesuffix(".lua"): entry.read_text(encoding="utf-8")
            for entry in resources.files("ledger").iterdir()
            if entry.name.endswith(".lua")
        }
        self._digests = {
            name: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
            for name, source in self._sources.items()
        }

    def run(self, call: Call) -> Reply:
        """Run one script."""
        return self.run_all([call])[0]

    def run_all(self, calls: Sequence[Call]) -> list[Reply]:
        """Run scripts in order, in one round trip; each is atomic by itself.

        Raises LedgerError; scripts before the failing one have run.
        """
        with translated():
            replies = self._send(calls)
            again = _to_run_again(calls, replies)
            if again:
                self._load()
                for index, reply in zip(again, self._send([calls[i] for i in again]), strict=True):
                    replies[index] = reply
            for reply in replies:
                if isinstance(reply, redis.RedisError):
                    raise reply
        return replies

    def run_copied(self, call: Call) -> tuple[Reply, bool]:
        """Run one script; also, whether what it wrote survives this server where others stand by.

        Raises LedgerError.
        """
        if not self._copies:
            return self.run(call), True
        with translated():
            replies = self._send_copied(call)
            if isinstance(replies[0], redis.exceptions.NoScriptError):
                self._load()
                replies = self._send_copied(call)
            for reply in replies:
                if isinstance(reply, redis.RedisError):
                    raise reply
        return replies[0], replies[1] >= self._copies

    def _send(self, calls: Sequence[Call]) -> list[Reply]:
        return self._exchange.send([self._command(call) for call in calls])

    def _send_copied(self, call: Call) -> list[Reply]:
        """The script's reply, and how many replicas have what it wrote."""
        return self._exchange.send([self._command(call), ("WAIT", self._copies, COPIED_WITHIN_MS)])

    def _command(self, call: Call) -> Command:
        name, keys, args = call
        return ("EVALSHA", self._digests[name], len(keys), *keys, *args)

    def _load(self) -> None:
        for source in self._sources.values():
            self._client.script_load(source)


def _to_run_again(calls: Sequence[Call], replies: Sequence[Reply]) -> list[int]:
    """Those that the server did not have, and what asks for a look at what they write.

    While another client loads the scripts of a server that was restarted, it has some and not others:
    a nudge that ran before what it is for may have been followed already, in vain.
    """
    missing = [i for i, r in enumerate(replies) if isinstance(r, redis.exceptions.NoScriptError)]
    return [
        i for i, call in enumerate(calls) if i in missing or (call.script == "nudge" and missing)
    ]
