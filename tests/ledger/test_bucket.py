"""Token buckets: slots at the rate, a burst where allowed, slower after a refusal."""

from __future__ import annotations

import pytest

from ledger.bucket import LOWEST_RATE, MARGIN_S, MARGIN_STEP_S, Bucket
from ledger.departures import note_departure
from ledger.opening import Ledger
from tests.ledger.scene import LANE

PATIENT_S = 1000.0


@pytest.fixture
def bucket(ledger: Ledger) -> Bucket:
    return ledger.submit_bucket(LANE)


def _waits(bucket: Bucket, slots: int, rate_per_s: float, burst: int = 1) -> list[float]:
    return [bucket.take(rate_per_s, burst, PATIENT_S).wait_s for _ in range(slots)]


def _pass_time(ledger: Ledger, bucket: Bucket, passed_s: float) -> None:
    """Backdate everything the bucket remembers."""
    held = ledger.client.hgetall(bucket._key)
    for field in ("tat_us", "cut_until_us", "closed_until_us"):
        if field in held:
            ledger.client.hset(bucket._key, field, int(held[field]) - int(passed_s * 1e6))
    for order in ledger.client.zrange(bucket._departures, 0, -1):
        ledger.client.zincrby(bucket._departures, -passed_s * 1e6, str(order))


def test_slots_are_spaced_by_the_rate(bucket: Bucket) -> None:
    assert _waits(bucket, 4, rate_per_s=0.5) == pytest.approx([0, 2, 4, 6], abs=0.9)


def test_a_burst_leaves_at_one_moment_and_no_more(bucket: Bucket) -> None:
    waits = _waits(bucket, 5, rate_per_s=0.5, burst=3)
    assert waits == pytest.approx([0, 0, 0, 2, 4], abs=0.9)


def test_a_slot_beyond_ones_patience_is_not_booked(bucket: Bucket) -> None:
    assert bucket.take(0.1, 1, 0).booked
    for _ in range(3):
        refused = bucket.take(0.1, 1, 5)
        assert not refused.booked
        assert refused.wait_s == pytest.approx(10, abs=0.9)
    patient = bucket.take(0.1, 1, 15)
    assert patient.booked
    assert patient.wait_s == pytest.approx(10, abs=0.9)


def test_who_asks_twice_has_one_slot(ledger: Ledger, bucket: Bucket) -> None:
    """The client sends a call again when its answer is lost."""
    _waits(bucket, 1, rate_per_s=0.5)
    first = bucket.take(0.5, 1, PATIENT_S, order="night/a#1")
    again = bucket.take(0.5, 1, PATIENT_S, order="night/a#1")
    assert again.at_s == first.at_s
    assert _waits(bucket, 1, rate_per_s=0.5) == pytest.approx([4], abs=0.9)


def test_who_is_refused_twice_is_counted_once(ledger: Ledger, bucket: Bucket) -> None:
    assert bucket.take(20, 1, PATIENT_S, order="night/a#1").booked
    assert [bucket.widen_margin("night/a#1", 0.0) for _ in range(9)] == [True] * 9
    held = ledger.client.hgetall(bucket._key)
    assert int(held["margin_us"]) == (MARGIN_S + MARGIN_STEP_S) * 1e6
    assert ledger.client.zcard(bucket._departures) == 0, "the provider did not count it"


def test_a_departure_that_is_noted_later_moves_the_slots_after_it(
    ledger: Ledger, bucket: Bucket
) -> None:
    slot = bucket.take(0.5, 1, PATIENT_S, order="night/a#1")
    for later_s in (1.5, 0.5, 1.5):  # sent twice, and what is earlier changes nothing
        call = note_departure(LANE, "night/a#1", slot.at_s + later_s)
        ledger.scripts.run(call)
    assert _waits(bucket, 1, rate_per_s=0.5) == pytest.approx([3.5], abs=0.9)
    ledger.scripts.run(note_departure(LANE, "night/gone#1", slot.at_s))
    assert ledger.client.zcard(bucket._departures) == 2


def test_slots_nobody_took_are_not_saved_up(ledger: Ledger, bucket: Bucket) -> None:
    _waits(bucket, 1, rate_per_s=0.5, burst=2)
    _pass_time(ledger, bucket, 1000)
    assert _waits(bucket, 4, 0.5, burst=2) == pytest.approx([0, 0, 2, 4], abs=0.9)


def test_a_new_rate_applies_to_the_next_slot(bucket: Bucket) -> None:
    _waits(bucket, 1, rate_per_s=0.1)
    waits = [bucket.take(0.5, 1, PATIENT_S).wait_s for _ in range(2)]
    assert waits == pytest.approx([10, 12], abs=0.9)


def test_very_slow_lanes_keep_their_pace(ledger: Ledger, bucket: Bucket) -> None:
    per_hour = 1 / 3600
    bucket.take(per_hour, 1, 0)
    assert bucket.take(per_hour, 1, 0).wait_s == pytest.approx(3600, abs=1)
    assert ledger.client.pttl(bucket._key) > 3_600_000


@pytest.mark.parametrize("burst", [1, 2, 1000])
def test_no_slot_is_given_during_a_pause(bucket: Bucket, burst: int) -> None:
    bucket.take(10, burst, PATIENT_S)
    bucket.slow_down(20)
    assert not bucket.take(10, burst, 5).booked
    first, second = bucket.take(10, burst, PATIENT_S), bucket.take(10, burst, PATIENT_S)
    assert first.wait_s == pytest.approx(20, abs=0.9)
    assert second.wait_s >= 19.5


def test_refusals_within_one_pause_cut_once(ledger: Ledger, bucket: Bucket) -> None:
    assert bucket.slow_down(20) == 0.5
    assert bucket.slow_down(20) == 0.5
    _pass_time(ledger, bucket, 21)
    assert bucket.slow_down(20) == 0.25


def test_a_longer_pause_wins_over_a_shorter_one(bucket: Bucket) -> None:
    bucket.slow_down(50)
    bucket.slow_down(1)
    assert bucket.take(10, 5, PATIENT_S).wait_s == pytest.approx(50, abs=0.9)


def test_the_rate_is_never_cut_below_the_floor(ledger: Ledger, bucket: Bucket) -> None:
    left = []
    for _ in range(5):
        left.append(bucket.slow_down(1))
        _pass_time(ledger, bucket, 2)
    assert left == [0.5, 0.25, 0.125, LOWEST_RATE / 1000, LOWEST_RATE / 1000]


def test_a_cut_rate_spaces_slots_wider_and_recovers_with_each(bucket: Bucket) -> None:
    bucket.slow_down(0)
    waits = _waits(bucket, 3, rate_per_s=0.1)
    assert waits[1] - waits[0] == pytest.approx(10 / 0.5, abs=0.9)
    assert waits[2] - waits[1] == pytest.approx(10 / 0.51, abs=0.9)


def test_a_refusal_never_brings_a_slot_forward(bucket: Bucket) -> None:
    _waits(bucket, 2, rate_per_s=0.05, burst=2)
    assert bucket.take(0.05, 2, 0).wait_s == pytest.approx(20, abs=0.9)
    bucket.slow_down(2)
    assert bucket.take(0.05, 2, PATIENT_S).wait_s >= 19.1


def test_the_full_rate_is_won_back_and_not_exceeded(ledger: Ledger, bucket: Bucket) -> None:
    bucket.slow_down(0)
    _waits(bucket, 60, rate_per_s=1000)
    assert ledger.client.hget(bucket._key, "cut") == "1000"
    ledger.client.hset(bucket._key, "tat_us", 0)
    ledger.client.delete(bucket._departures)
    assert _waits(bucket, 2, rate_per_s=0.1) == pytest.approx([0, 10], abs=0.9)


def test_each_lane_and_each_account_has_its_own_bucket(ledger: Ledger) -> None:
    buckets = [
        ledger.submit_bucket(LANE),
        ledger.submit_bucket("dashscope:wanx-v1@second"),
        ledger.poll_bucket("dashscope", "default"),
        ledger.poll_bucket("dashscope", "second"),
    ]
    assert all(bucket.take(0.1, 1, 0).booked for bucket in buckets)
    assert not any(bucket.take(0.1, 1, 0).booked for bucket in buckets)


def test_buckets_expire(ledger: Ledger, bucket: Bucket) -> None:
    bucket.take(1, 1, 0)
    assert 0 < ledger.client.pttl(bucket._key) <= 61_000
    bucket.slow_down(100)
    assert 150_000 < ledger.client.pttl(bucket._key) <= 160_000


def test_a_closed_bucket_gives_no_slot_and_keeps_its_rate(bucket: Bucket) -> None:
    bucket.close(30)
    assert not bucket.take(10, 5, 1).booked
    assert _waits(bucket, 3, rate_per_s=0.5) == pytest.approx([30, 32, 34], abs=0.9)


def test_a_shorter_pause_does_not_open_a_bucket_sooner(bucket: Bucket) -> None:
    bucket.close(60)
    bucket.close(1)
    assert bucket.take(10, 1, 0).wait_s == pytest.approx(60, abs=0.9)


def test_a_closed_bucket_opens_when_its_time_has_come(ledger: Ledger, bucket: Bucket) -> None:
    bucket.close(60)
    _pass_time(ledger, bucket, 61)
    assert bucket.take(10, 1, 0).booked


@pytest.mark.parametrize("pause", ["close", "slow_down"])
def test_a_pause_lets_no_slot_booked_far_ahead_be_forgotten(
    ledger: Ledger, bucket: Bucket, pause: str
) -> None:
    """At one order an hour the bucket must be remembered for that hour."""
    bucket.take(1 / 3600, 1, 0)
    getattr(bucket, pause)(1)
    assert ledger.client.pttl(bucket._key) > 3_600_000
    bucket.close(7200)
    bucket.slow_down(1)
    assert ledger.client.pttl(bucket._key) > 7_200_000
