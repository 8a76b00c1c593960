"""Any sequence of nudges, turns and forgetting loses no nudge."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.keys import LANES
from ledger.opening import Ledger

NAMES = st.sampled_from(["a", "b", "c", "d"])
AGAIN_S = 600.0
MINUTE_MS = 60_000


class IndexMachine(RuleBasedStateMachine):
    """Two dispatchers that overlap, and people who ask for a look."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.ledger.client.flushall()
        self.index: dict[str, float] = {}
        self.asked: set[str] = set()
        """Names somebody asked for, and nobody looked at since."""
        self.turns: list[tuple[str, list[str]]] = []

    @rule(name=NAMES, delay_s=st.sampled_from([0.0, 0.0, 100.0, 400.0]))
    def nudge(self, name: str, delay_s: float) -> None:
        self.ledger.fleet.book({name: delay_s}, "0")
        moment = self.ledger.fleet.now_ms() + delay_s * 1000
        self.index[name] = min(moment, self.index.get(name, moment))
        self.asked.add(name)

    @rule(limit=st.integers(1, 4))
    def turn(self, limit: int) -> None:
        booked, names = self.ledger.fleet.due_lanes(AGAIN_S, limit)
        now_ms = self.ledger.fleet.now_ms()
        due = sorted((at, name) for name, at in self.index.items() if at <= now_ms)
        assert names == [name for _, name in due[:limit]]
        assert abs(float(booked) - now_ms - AGAIN_S * 1000) < MINUTE_MS
        for name in names:
            self.index[name] = float(booked)
        self.asked -= set(names)
        self.turns.append((booked, names))

    @precondition(lambda self: self.turns)
    @rule(data=st.data())
    def find_them_idle(self, data: st.DataObject) -> None:
        """Forget the lanes of some turn, perhaps one of long ago."""
        booked, names = data.draw(st.sampled_from(self.turns))
        self.ledger.fleet.book(dict.fromkeys(names), booked)
        for name in names:
            if self.index.get(name) == float(booked):
                del self.index[name]

    @precondition(lambda self: self.index)
    @rule(data=st.data())
    def the_moment_comes(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.index)))
        score = data.draw(st.integers(1, 1000))
        self.ledger.client.zadd(LANES, {name: score}, xx=True)
        self.index[name] = float(score)

    @invariant()
    def the_index_is_as_expected_and_no_nudge_is_lost(self) -> None:
        scores: Any = self.ledger.client.zrange(LANES, 0, -1, withscores=True)
        found: dict[str, float] = dict(scores)
        assert found.keys() == self.index.keys()
        for name, moment in found.items():
            assert abs(moment - self.index[name]) < MINUTE_MS
        self.index = found
        assert self.asked <= found.keys()


def test_any_sequence_of_calls(ledger: Ledger) -> None:
    machine = type("Machine", (IndexMachine,), {"ledger": ledger})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )
