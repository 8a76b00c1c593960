"""Tickets known as ours, and orders nobody knows the answer to: what lost orders are looked for by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from ledger.errors import translated
from ledger.keys import LaneKeys
from ledger.scripts import Call, Scripts
from schemas.states import JobState

KEPT = 10_000
"""Tickets a lane remembers: at 20 orders a second those of the last eight minutes."""
KEPT_S = 25 * 3600
"""Longer than any provider lists a task (DashScope: 24 hours)."""


@dataclass(frozen=True)
class UnsettledOrder:
    """An order that may have reached the provider, and of which no ticket is known."""

    ref: str
    """Names the order: sent twice, it is the same."""
    prompt: str
    sent_from_ms: int
    sent_until_ms: int


class Tickets:
    """All lanes' tickets and unsettled orders."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def known(self, lane: str, tickets: Sequence[str]) -> set[str]:
        """Those of the tickets that are some job's."""
        if not tickets:
            return set()
        with translated():
            scores = self._client.zmscore(LaneKeys(lane).tickets, list(tickets))
        return {t for t, score in zip(tickets, scores, strict=True) if score is not None}

    def complete_from_ms(self, lane: str) -> int:
        """From when on all tickets are known; before it, older ones were forgotten."""
        with translated():
            return int(self._client.hget(LaneKeys(lane).tally, "tickets_from_ms") or 0)

    def unsettle(self, lane: str, mark: str, order: UnsettledOrder) -> None:
        """Remember that an order's answer was lost; `mark` names this one request of it."""
        key = LaneKeys(lane).unsettled
        text = json.dumps([order.ref, order.prompt, order.sent_from_ms, order.sent_until_ms])
        with translated():
            pipe = self._client.pipeline(transaction=False)
            pipe.hset(key, mark, text)
            pipe.expire(key, KEPT_S)
            pipe.execute()

    def settle(self, lane: str, mark: str) -> None:
        """What became of a request is known."""
        with translated():
            self._client.hdel(LaneKeys(lane).unsettled, mark)

    def unsettled(self, lane: str) -> list[UnsettledOrder]:
        """Orders that may have reached the provider unanswered, those long ended among them."""
        key = LaneKeys(lane).unsettled
        with translated():
            found = self._client.hgetall(key)
            seconds, _ = self._client.time()
            orders = {mark: UnsettledOrder(*json.loads(text)) for mark, text in found.items()}
            oldest_ms = (int(seconds) - KEPT_S) * 1000
            stale = [mark for mark, order in orders.items() if order.sent_until_ms < oldest_ms]
            if stale:
                self._client.hdel(key, *stale)
        return [order for mark, order in orders.items() if mark not in stale]

    def submitting(self, lane: str) -> list[tuple[str, str, int]]:
        """Orders that are leaving just now: job, request document, and when (ms) it was marked."""
        keys = LaneKeys(lane)
        with translated():
            refs = sorted(str(ref) for ref in self._client.smembers(keys.window))
            pipe = self._client.pipeline(transaction=False)
            for ref in refs:
                pipe.hmget(keys.job(ref), "state", "request", "submitting_ms")
            replies = pipe.execute()
        return [
            (ref, request, int(marked_ms))
            for ref, (state, request, marked_ms) in zip(refs, replies, strict=True)
            if state == JobState.SUBMITTING
        ]


def trim(lane: str) -> Call:
    """Forget a lane's oldest tickets."""
    keys = LaneKeys(lane)
    return Call("trim_tickets", [keys.tickets, keys.tally], [KEPT])
