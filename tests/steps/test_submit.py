"""Released jobs: the slot, the mark, the order, and each answer to it."""

from __future__ import annotations

import pytest

from ledger.keys import LaneKeys
from schemas.job import Job
from schemas.lane import LaneLimits
from schemas.states import JobState
from tests.steps.mill import BATCH, LANE, LEASE_S, Mill, job
from worker.providers.port import Accepted, SubmitAnswer

SLOW = LaneLimits(rate_per_s=1.25, window=10)


def take_slot(mill: Mill) -> None:
    assert mill.ledger.submit_bucket(LANE).take(1.25, 1, patience_s=60).booked


def test_an_order_waits_for_its_slot(mill: Mill) -> None:
    mill.hand_in([job()], limits=SLOW)
    (handout,) = mill.hand_out()
    take_slot(mill)
    mill.desk.step("submit", handout.claim)
    assert 0.1 < sum(mill.clock.slept_s) <= 1.01
    assert mill.record(handout.claim)["state"] == "running"


def test_a_slot_too_far_ahead_is_waited_for_in_the_window(mill: Mill) -> None:
    mill.hand_in([job()], limits=SLOW)
    (handout,) = mill.hand_out()
    for _ in range(4):
        take_slot(mill)
    mill.desk.step("submit", handout.claim)
    assert mill.record(handout.claim)["state"] == "released"
    assert mill.window() == {handout.claim.ref}
    wait_s = mill.wait_s(handout.claim)
    assert wait_s is not None
    assert 2.5 < wait_s <= 3.3
    assert (mill.provider.ordered, mill.clock.slept_s) == ([], [])
    mill.desk.step("submit", mill.due_again(JobState.RELEASED))
    assert mill.record(handout.claim)["attempts"] == "1"


def test_a_process_that_stops_gives_back_unsent(mill: Mill) -> None:
    claim = mill.released()
    mill.clock.interrupt()
    mill.desk.step("submit", claim)
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    assert (mill.provider.ordered, mill.window()) == ([], set())
    mill.ledger.lanes.stop(LANE, "closed for the night")
    assert mill.hand_out() == []
    assert mill.ledger.client.lrange(LaneKeys(LANE).ready(BATCH), 0, -1) == [claim.ref]


def test_a_lost_claim_sends_nothing(mill: Mill) -> None:
    claim = mill.released()
    newer = mill.due_again(JobState.RELEASED)
    before = mill.snapshot()
    mill.desk.step("submit", claim)
    assert mill.snapshot() == before
    assert (newer.number, mill.provider.ordered) == (claim.number + 1, [])


def test_a_claim_lost_while_it_waited_for_its_slot_sends_nothing(mill: Mill) -> None:
    mill.hand_in([job()], limits=SLOW)
    (handout,) = mill.hand_out()
    take_slot(mill)
    mill.clock.meanwhile = lambda: mill.due_again(JobState.RELEASED)
    mill.desk.step("submit", handout.claim)
    assert mill.provider.ordered == []
    assert mill.record(handout.claim)["state"] == "released"


def test_whoever_was_held_up_too_long_sends_nothing(mill: Mill) -> None:
    claim = mill.released()
    late_ms = mill.ledger.fleet.now_ms() + int(LEASE_S * 1000 / 2) - 50
    mill.ledger.client.zadd(LaneKeys(LANE).agenda, {claim.ref: late_ms}, xx=True)
    mill.desk.step("submit", claim)
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("released", "0")
    assert mill.provider.ordered == []
    assert mill.due_again(JobState.RELEASED).number == claim.number + 1


def test_the_mark_is_written_before_the_order_leaves(mill: Mill) -> None:
    claim = mill.released()
    seen: list[dict[str, str]] = []

    def look(_: Job) -> SubmitAnswer:
        seen.append(mill.record(claim))
        return Accepted("task-7")

    mill.provider.to_submit.append(look)
    mill.desk.step("submit", claim)
    assert (seen[0]["state"], seen[0]["attempts"]) == ("submitting", "1")
    assert int(seen[0]["submitting_ms"]) <= mill.ledger.fleet.now_ms()
    assert "ticket" not in seen[0]


def test_whoever_is_held_up_after_the_mark_sends_nothing(mill: Mill) -> None:
    claim = mill.released()
    mill.provider.meanwhile = lambda: mill.clock.sleep(LEASE_S / 2)
    mill.desk.step("submit", claim)
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    assert mill.provider.ordered == []


def test_a_machine_that_slept_after_the_mark_sends_nothing(mill: Mill) -> None:
    claim = mill.released()

    def sleep() -> None:
        mill.clock.suspended_s += LEASE_S / 2

    mill.provider.meanwhile = sleep
    mill.desk.step("submit", claim)
    assert (mill.record(claim)["state"], mill.provider.ordered) == ("pending", [])


def test_a_slot_that_moved_is_waited_for_before_the_mark(mill: Mill) -> None:
    """Somebody was refused while it slept: it leaves when the lane does, and nothing is marked."""
    mill.hand_in([job()], limits=SLOW)
    (handout,) = mill.hand_out()
    take_slot(mill)
    states: list[str] = []

    def close() -> None:
        states.append(mill.record(handout.claim)["state"])
        if len(states) == 1:
            mill.ledger.submit_bucket(LANE).close(1.5)

    mill.clock.meanwhile = close
    mill.desk.step("submit", handout.claim)
    assert states == ["released", "released"]
    assert 1.2 < sum(mill.clock.slept_s) <= 1.6
    assert mill.record(handout.claim)["state"] == "running"


def test_a_slot_that_moved_far_away_goes_to_another_order(mill: Mill) -> None:
    mill.hand_in([job()], limits=SLOW)
    (handout,) = mill.hand_out()
    take_slot(mill)
    mill.clock.meanwhile = lambda: mill.ledger.submit_bucket(LANE).close(60)
    mill.desk.step("submit", handout.claim)
    record = mill.record(handout.claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    assert (mill.provider.ordered, mill.window()) == ([], set())


def test_an_order_whose_sender_is_gone_is_looked_for(mill: Mill) -> None:
    claim = mill.released()

    def die(_: Job) -> SubmitAnswer:
        raise KeyboardInterrupt

    mill.provider.to_submit.append(die)
    with pytest.raises(KeyboardInterrupt):
        mill.desk.step("submit", claim)
    mill.desk.step("reconcile", mill.due_again(JobState.SUBMITTING))
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 75 < wait_s <= 80  # half a lease, in which it may still send, settle_s, the list's lag
    assert (mill.record(claim)["state"], mill.provider.asked_lists) == ("submitting", [])
    assert len(mill.provider.ordered) == 1
