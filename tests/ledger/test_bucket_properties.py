"""Any sequence of calls, at any time of day, books slots that keep every promise at once."""

from __future__ import annotations

from typing import Any

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

from ledger.bucket import LOWEST_RATE, Bucket
from ledger.opening import Ledger
from tests.ledger.clocked import BEGAN_S, ClockedScripts, clocked_ledger
from tests.ledger.scene import LANE
from tests.valkey import Valkey

ROUNDING_S = 3e-6


class BucketMachine(RuleBasedStateMachine):
    """Many workers on one bucket, in told time."""

    ledger: Ledger
    scripts: ClockedScripts

    def __init__(self) -> None:
        super().__init__()
        self.ledger.client.flushall()
        self.scripts.now_s = BEGAN_S
        self.bucket: Bucket = self.ledger.submit_bucket(LANE)
        self.closed_until_s = self.cut_until_s = 0.0
        self.slots_s: list[float] = []
        self.keeps_until_s = self.asked_s = 0.0

    @initialize(rate=st.sampled_from([0.05, 0.5, 2.0, 7.5, 20.0]), burst=st.integers(1, 5))
    def open(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self.whole = max(int(rate), 1)
        self.window_s = self.whole / rate

    @rule(patience_s=st.sampled_from([0.0, 1.0, 10.0, 500.0]), times=st.sampled_from([1, 1, 2, 8]))
    def take(self, patience_s: float, times: int) -> None:
        for _ in range(times):
            now_s = self.scripts.now_s
            slot = self.bucket.take(self.rate, self.burst, patience_s)
            assert abs(slot.at_s - slot.wait_s - now_s) <= ROUNDING_S
            assert slot.at_s >= max(now_s, self.closed_until_s) - ROUNDING_S
            assert slot.booked == (slot.wait_s <= patience_s)
            if self._at_rest(now_s):
                assert slot.wait_s <= ROUNDING_S, "nobody left for long, and it is open"
            if slot.booked:
                self._book(slot.at_s)

    @rule(pause_s=st.sampled_from([2.0, 30.0]))
    def slow_down(self, pause_s: float) -> None:
        now_s = self.scripts.now_s
        before = float(self.ledger.client.hget(self.bucket._key, "cut") or 1000) / 1000
        left = self.bucket.slow_down(pause_s)
        if now_s < self.cut_until_s:
            assert left == before
        else:
            assert left == max(int(before * 500) / 1000, LOWEST_RATE / 1000)
            self.cut_until_s = now_s + pause_s
        self._close(pause_s)

    @rule(pause_s=st.sampled_from([2.0, 30.0]))
    def close(self, pause_s: float) -> None:
        """The rate stays, and so does what is booked already."""
        self.bucket.close(pause_s)
        self._close(pause_s)

    @rule(passed_s=st.sampled_from([0.01, 0.4, 1.0, 7.0, 3000.0]))
    def time_passes(self, passed_s: float) -> None:
        self.scripts.now_s += passed_s

    @invariant()
    def it_is_not_forgotten_before_its_time(self) -> None:
        """Also a slot booked for next week outlives a pause of two seconds."""
        if self.keeps_until_s > self.scripts.now_s:
            # It is told to the server in its own, real time: since the last call, little of that.
            assert self.ledger.client.pttl(self.bucket._key) >= 50_000

    @invariant()
    def departures_are_remembered_as_long_as_they_matter_and_no_longer(self) -> None:
        remembered: Any = self.ledger.client.zrange(self.bucket._departures, 0, -1, withscores=True)
        left_s = [left_us / 1e6 for _, left_us in remembered]
        admitted = self.whole + self.burst - 1
        matter = [s for s in self.slots_s if s > self.asked_s - self.window_s][-admitted:]
        assert left_s[len(left_s) - len(matter) :] == pytest.approx(matter, abs=ROUNDING_S)
        assert len(left_s) <= 2 * admitted + 1
        # A rate that was cut has windows up to eight times as long.
        oldest_s = self.asked_s - 61.0 - 2 * self.window_s * 1000 / LOWEST_RATE
        assert all(s >= oldest_s for s in left_s)

    @invariant()
    def no_window_holds_more_than_is_admitted(self) -> None:
        admitted = self.whole + self.burst - 1
        for first_s, next_s in zip(self.slots_s, self.slots_s[admitted:], strict=False):
            assert next_s - first_s >= self.window_s - ROUNDING_S

    def _book(self, at_s: float) -> None:
        if self.slots_s:
            apart_s = 0.25 / self.rate if self.burst == 1 else 0.0
            assert at_s >= self.slots_s[-1] + apart_s - ROUNDING_S
        self.slots_s.append(at_s)
        self.keeps_until_s = at_s
        self.asked_s = self.scripts.now_s

    def _close(self, pause_s: float) -> None:
        self.closed_until_s = max(self.closed_until_s, self.scripts.now_s + pause_s)
        self.keeps_until_s = max(self.keeps_until_s, self.closed_until_s)

    def _at_rest(self, now_s: float) -> bool:
        last_s = self.slots_s[-1] if self.slots_s else 0.0
        since_s = now_s - max(last_s, self.closed_until_s)
        return since_s > 100 * max(self.window_s, 1 / self.rate)


def test_any_sequence_of_calls(valkey: Valkey) -> None:
    with clocked_ledger(valkey.url) as (ledger, scripts):
        parts = {"ledger": ledger, "scripts": scripts}
        machine = type("Machine", (BucketMachine,), parts)
        run_state_machine_as_test(
            machine, settings=settings(max_examples=30, stateful_step_count=25, deadline=None)
        )
