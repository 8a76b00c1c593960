"""Any sequence of calls leaves a purse as the model in plain Python says."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.keys import PurseKeys, account_purse_keys, batch_purse_keys
from ledger.opening import Ledger
from ledger.purse import DAY_S, Day, Figures, Purse, Refused, Reserved, Settlement

REFS = st.sampled_from("abcdef")
UNITS_MICRO = st.sampled_from([1, 160_000, 10**13])
"""The last: sums that are large and still exact."""
COUNTS = st.integers(0, 8)
NUDGES_MICRO = st.sampled_from([0, 0, 0, 1])
HALF_PAST_NOON_S = DAY_S // 2 + 1800
"""Whole hours from here never come near midnight."""


@dataclass
class PurseModel:
    """A purse without a server."""

    limit: int | None
    knows_days: bool
    spent: int = 0
    day: int = 0
    reserved: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def figures(self) -> Figures:
        return Figures(self.limit, self.spent, sum(self.reserved.values()))

    def look_at_the_calendar(self, now_s: int) -> None:
        if self.knows_days and now_s // DAY_S > self.day:
            self.day, self.spent = now_s // DAY_S, 0

    def reserve(self, ref: str, amount: int) -> bool:
        others = sum(held for other, held in self.reserved.items() if other != ref)
        over = self.limit is not None and self.spent + others + amount > self.limit
        if over and amount > self.reserved.get(ref, 0):
            self.refused.add(ref)
            return False
        self.reserved[ref] = amount
        self.refused.discard(ref)
        return True

    def settle(self, costs: dict[str, int]) -> int:
        known = [ref for ref in costs if ref in self.reserved]
        for ref in known:
            del self.reserved[ref]
            self.spent += costs[ref]
        self.refused -= costs.keys()
        return len(known)


class PurseMachine(RuleBasedStateMachine):
    """Workers and their owner on one purse. Time passes by going east."""

    ledger: Ledger
    knows_days: bool

    def __init__(self) -> None:
        super().__init__()
        self.ledger.client.flushall()
        self.offset_s = HALF_PAST_NOON_S - self._server_s() % DAY_S
        self.model = PurseModel(None, self.knows_days)

    def _server_s(self) -> int:
        return self.ledger.fleet.now_ms() // 1000

    @initialize(unit=UNITS_MICRO, count=COUNTS)
    def open(self, unit: int, count: int) -> None:
        self.unit = unit
        if self.knows_days:
            self.model.limit = count * unit

    @property
    def keys(self) -> PurseKeys:
        if self.knows_days:
            return account_purse_keys("dashscope", "default", "CNY")
        return batch_purse_keys("night", "CNY")

    @property
    def purse(self) -> Purse:
        if not self.knows_days:
            return self.ledger.batch_purse("night", "CNY")
        assert self.model.limit is not None
        day = Day(self.model.limit, self.offset_s)
        return self.ledger.account_purse("dashscope", "default", "CNY", day)

    def _look(self) -> None:
        self.model.look_at_the_calendar(self._server_s() + self.offset_s)

    @rule(ref=REFS, count=st.integers(0, 4), nudge=NUDGES_MICRO)
    def reserve(self, ref: str, count: int, nudge: int) -> None:
        self._look()
        before = self.model.reserved.get(ref, 0)
        amount = count * self.unit + nudge
        fits = self.model.reserve(ref, amount)
        answer = self.purse.reserve(ref, amount)
        assert isinstance(answer, Reserved if fits else Refused)
        assert answer.figures == self.model.figures()
        if fits and amount > before and self.model.limit is not None:
            assert answer.figures.spent_micro + answer.figures.reserved_micro <= self.model.limit
        if isinstance(answer, Refused):
            assert (answer.next_day_s is not None) == self.knows_days
        assert isinstance(self.purse.reserve(ref, amount), type(answer))

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Mostly at what was set aside; also less, more, and for refs nobody knows."""
        self._look()
        costs = {}
        for ref in data.draw(st.lists(REFS, max_size=3, unique=True)):
            held = self.model.reserved.get(ref, self.unit)
            costs[ref] = data.draw(st.sampled_from([held, held, 0, held // 2, held + self.unit]))
        settled = self.model.settle(costs)
        figures, waiting = self.model.figures(), len(self.model.refused)
        assert self.purse.settle_all(costs) == Settlement(settled, waiting, figures)
        assert self.purse.settle_all(costs) == Settlement(0, waiting, figures)

    @rule(count=COUNTS, nudge=NUDGES_MICRO)
    def change_the_limit(self, count: int, nudge: int) -> None:
        self.model.limit = count * self.unit + nudge
        if not self.knows_days:
            self.ledger.batch_purse("night", "CNY").set_limit(self.model.limit)

    @rule(hours=st.sampled_from([1, 7, 24, -1, -13]))
    def time_passes(self, hours: int) -> None:
        """Also backwards, as when a server is replaced by one whose clock is late."""
        self.offset_s += hours * 3600

    @invariant()
    def reading_says_what_the_model_says(self) -> None:
        read = self.purse.read()
        if self.knows_days and (self._server_s() + self.offset_s) // DAY_S > self.model.day:
            assert read.spent_micro == 0
        else:
            assert read.spent_micro == self.model.spent
        assert read.reserved_micro == sum(self.model.reserved.values())
        assert read.limit_micro == self.model.limit

    @invariant()
    def redis_is_as_the_model_says(self) -> None:
        client = self.ledger.client
        held = {
            str(ref): int(micro) for ref, micro in client.hgetall(self.keys.reservations).items()
        }
        assert held == self.model.reserved
        assert client.smembers(self.keys.refused) == self.model.refused
        for key in self.keys:
            if client.exists(key):
                assert (client.ttl(key) > 0) == self.knows_days


@pytest.mark.parametrize("knows_days", [False, True], ids=["batch", "account"])
def test_any_sequence_of_calls(ledger: Ledger, knows_days: bool) -> None:
    machine = type("Machine", (PurseMachine,), {"ledger": ledger, "knows_days": knows_days})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )
