"""Any sequence of calls books slots as the model in plain Python says, at any time of day."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.bucket import LOWEST_RATE, RECOVERY, Bucket
from ledger.opening import Ledger
from tests.ledger.scene import LANE

ROUNDING_US = 3.0


@dataclass(frozen=True)
class BucketModel:
    """GCRA: `tat` is when the bucket is full again if nobody takes a slot."""

    tat: float = 0.0
    cut: int = 1000
    cut_until: float = 0.0
    closed_until: float = 0.0

    def wait(self, now: float, tolerance: float) -> float:
        return max(max(self.tat, now) - tolerance - now, self.closed_until - now, 0.0)

    def take(self, now: float, interval: float) -> BucketModel:
        tat = max(self.tat, self.closed_until, now) + interval
        return replace(self, tat=tat, cut=min(1000, self.cut + RECOVERY))

    def slow_down(self, now: float, pause: float) -> BucketModel:
        reopens = now + pause
        slower = replace(
            self, tat=max(self.tat, reopens), closed_until=max(self.closed_until, reopens)
        )
        if now < self.cut_until:
            return slower
        return replace(slower, cut=max(LOWEST_RATE, self.cut // 2), cut_until=reopens)


@dataclass
class Booking:
    """When a slot lies, as far as the clocks around the call can say."""

    earliest: float
    latest: float
    interval: float


class BucketMachine(RuleBasedStateMachine):
    """Many workers on one bucket. Time passes by backdating what the bucket remembers."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.ledger.client.flushall()
        self.bucket: Bucket = self.ledger.submit_bucket(LANE)
        self.model = BucketModel()
        self.booked: list[Booking] = []
        self.passed = 0.0
        """Microseconds by which we are ahead of the server."""

    @initialize(rate=st.sampled_from([0.05, 0.5, 2.0, 20.0]), burst=st.integers(1, 5))
    def open(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst

    def _now(self) -> float:
        seconds, micros = self.ledger.client.time()
        return float(int(seconds) * 1_000_000 + int(micros)) + self.passed

    @rule(patience_s=st.sampled_from([0.0, 1.0, 10.0, 500.0]))
    def take(self, patience_s: float) -> None:
        emission = 1e6 / self.rate
        interval, tolerance = emission * 1000 / self.model.cut, emission * (self.burst - 1)
        before = self._now()
        slot = self.bucket.take(self.rate, self.burst, patience_s)
        after = self._now()
        longest = self.model.wait(before, tolerance)
        shortest = self.model.wait(after, tolerance)
        assert shortest - ROUNDING_US <= slot.wait_s * 1e6 <= longest + ROUNDING_US
        patience = patience_s * 1e6
        if slot.booked:
            assert shortest <= patience + ROUNDING_US
            self.model = self._adopt(self.model.take(before, interval), after - before)
            self._book(Booking(before + slot.wait_s * 1e6, after + slot.wait_s * 1e6, interval))
        else:
            assert longest > patience - ROUNDING_US
            self._adopt(self.model, 0.0)

    @rule(pause_s=st.sampled_from([2.0, 30.0]))
    def slow_down(self, pause_s: float) -> None:
        before = self._now()
        left = self.bucket.slow_down(pause_s)
        after = self._now()
        slower = self.model.slow_down(before, pause_s * 1e6)
        assert left * 1000 == slower.cut
        self.model = self._adopt(slower, after - before)

    @rule(pause_s=st.sampled_from([2.0, 30.0]))
    def close(self, pause_s: float) -> None:
        """The rate stays, and so does what is booked already."""
        before = self._now()
        self.bucket.close(pause_s)
        after = self._now()
        closed_until = max(self.model.closed_until, before + pause_s * 1e6)
        self.model = self._adopt(replace(self.model, closed_until=closed_until), after - before)

    @invariant()
    def it_is_not_forgotten_before_its_time(self) -> None:
        """Also a slot booked for next week outlives a pause of two seconds."""
        until = max(self.model.tat, self.model.closed_until) - self._now()
        ttl_ms = self.ledger.client.pttl(self.bucket._key)
        assert ttl_ms * 1000 >= until or not self.booked

    @rule(passed_s=st.sampled_from([0.01, 1.0, 7.0, 100.0]))
    def time_passes(self, passed_s: float) -> None:
        held = self.ledger.client.hgetall(self.bucket._key)
        for name in ("tat_us", "cut_until_us", "closed_until_us"):
            if name in held:
                value = int(held[name]) - int(passed_s * 1e6)
                self.ledger.client.hset(self.bucket._key, name, value)
        self.passed += int(passed_s * 1e6)

    @invariant()
    def no_more_than_the_burst_at_one_moment_and_the_rate_after(self) -> None:
        """In any stretch: at most burst, and one for each interval that fits in."""
        last = self.booked[-1] if self.booked else None
        for index, first in enumerate(self.booked):
            assert last is not None
            after_first = len(self.booked) - index - self.burst
            shortest = min(booking.interval for booking in self.booked[index:])
            stretch = last.latest - first.earliest + ROUNDING_US
            assert after_first * shortest <= stretch

    def _book(self, booking: Booking) -> None:
        paused_until = self.model.closed_until
        assert booking.latest >= paused_until - ROUNDING_US, "a slot within the pause"
        if self.burst == 1 and self.booked:
            spacing = booking.latest - self.booked[-1].earliest
            assert spacing >= self.booked[-1].interval - ROUNDING_US
        self.booked.append(booking)

    def _adopt(self, expected: BucketModel, call_us: float) -> BucketModel:
        """The server's figures, once they are known to be the expected ones."""
        held = self.ledger.client.hgetall(self.bucket._key)
        found = BucketModel(
            tat=float(held.get("tat_us", -self.passed)) + self.passed,
            cut=int(held.get("cut", 1000)),
            cut_until=float(held.get("cut_until_us", -self.passed)) + self.passed,
            closed_until=float(held.get("closed_until_us", -self.passed)) + self.passed,
        )
        assert found.cut == expected.cut
        for there, here in (
            (found.tat, expected.tat),
            (found.closed_until, expected.closed_until),
        ):
            assert -ROUNDING_US <= there - here <= call_us + ROUNDING_US
        return found


def test_any_sequence_of_calls(ledger: Ledger) -> None:
    machine = type("Machine", (BucketMachine,), {"ledger": ledger})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )
