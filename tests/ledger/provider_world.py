"""A lane's orders on their way to a provider that counts them, in time that passes as told."""

from __future__ import annotations

import heapq
import itertools
import random  # noqa: TID251 - a seeded generator makes the simulation repeatable
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.keys import LaneKeys
from ledger.moves import Claim, Moved
from ledger.opening import Ledger
from simulator.limiter import Limiter
from tests.ledger.clocked import BEGAN_S, ClockedScripts
from tests.ledger.scene import LANE
from tests.ledger.worker_moves import MARK

AHEAD_S = 0.3
"""An order books its slot so long before the slot is free."""
ANSWER_S = 0.004
PAUSE_S = 1.0


@dataclass
class World:
    """Books slots, marks late, arrives later still, and hears of it."""

    ledger: Ledger
    scripts: ClockedScripts
    limiter: Limiter
    rate_per_s: float
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    late_s: float = 0.002
    """Mean of how long after its slot an order is marked; exponential."""
    way_s: float = 0.002
    """Most of what the way to the provider adds; any part of it is as likely."""
    left_s: list[float] = field(default_factory=list)
    taken_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger.client.flushall()
        self.scripts.now_s = BEGAN_S
        self._bucket = self.ledger.submit_bucket(LANE)
        self._keys = LaneKeys(LANE)
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._in(0.0, self._book)

    def run(self, span_s: float) -> None:
        """Order as fast as the bucket allows, for so long."""
        end_s = self.scripts.now_s + span_s
        while self._events[0][0] < end_s:
            self.scripts.now_s, _, happens = heapq.heappop(self._events)
            happens()
        self.scripts.now_s = end_s

    def hold_up(self, span_s: float) -> None:
        """Whatever was to happen in that time happens at its end."""
        until_s = self.scripts.now_s + span_s
        self._events = [(max(at_s, until_s), number, it) for at_s, number, it in self._events]
        heapq.heapify(self._events)

    def used(self, from_s: float, span_s: float) -> float:
        """Of the lane's rate, in a span of time."""
        taken = sum(from_s <= at_s < from_s + span_s for at_s in self.taken_s)
        return taken / (self.rate_per_s * span_s)

    @property
    def refused(self) -> float:
        """Of all orders."""
        return len(self.refused_s) / (len(self.refused_s) + len(self.taken_s))

    def _in(self, wait_s: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.scripts.now_s + wait_s, next(self._numbers), happens))

    def _book(self) -> None:
        claim = Claim(LANE, f"night/{next(self._numbers)}", 1)
        slot = self._bucket.take(self.rate_per_s, 1, patience_s=1.0, order=claim.order)
        self._in(max(slot.wait_s - AHEAD_S, 1e-6), self._book)
        if slot.booked:
            self._in(slot.wait_s + self.dice.expovariate(1 / self.late_s), lambda: self._go(claim))
            client = self.ledger.client
            client.hset(self._keys.job(claim.ref), mapping={"claim": 1, "state": "released"})
            client.zadd(self._keys.agenda, {claim.ref: 1e15})

    def _go(self, claim: Claim) -> None:
        mark = self.ledger.jobs.mark(claim, MARK)
        wait_s = mark.leaves_s - self.scripts.now_s
        if mark.moved is Moved.EARLY:
            self._in(wait_s, lambda: self._go(claim))
            return
        assert mark.moved is Moved.YES
        self.left_s.append(mark.leaves_s)
        way_s = self.dice.uniform(0.0, self.way_s)
        self._in(wait_s + way_s, lambda: self._arrive(claim))

    def _arrive(self, claim: Claim) -> None:
        if self.limiter.admit(self.scripts.now_s):
            self.taken_s.append(self.scripts.now_s)
        else:
            self.refused_s.append(self.scripts.now_s)
            self._in(ANSWER_S, lambda: self._be_refused(claim))

    def _be_refused(self, claim: Claim) -> None:
        if not self._bucket.widen_margin(claim.order, rest_s=0.0):
            self._bucket.slow_down(PAUSE_S)
