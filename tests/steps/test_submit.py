"""Released jobs: the slot, the mark, the order, and each answer to it."""

from __future__ import annotations

import pytest

from ledger.bucket import MARGIN_S, REFUSALS_IN_A_ROW
from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.lane import LaneLimits
from schemas.states import JobState
from tests.steps.mill import BATCH, LANE, LEASE_S, Mill, job
from tests.steps.scripted_provider import trouble
from worker.providers.port import Accepted, NotSent, Refused, SubmitAnswer, Unanswered

SLOW = LaneLimits(rate_per_s=1.25, window=10)


def take_slot(mill: Mill) -> None:
    assert mill.ledger.submit_bucket(LANE).take(1.25, 1, patience_s=60).booked


def stop_reason(mill: Mill) -> str | None:
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    return status.stopped


def answered(mill: Mill, answer: SubmitAnswer) -> Claim:
    """A job whose order was answered so."""
    claim = mill.released()
    mill.provider.to_submit.append(answer)
    mill.desk.step("submit", claim)
    assert len(mill.provider.ordered) == 1
    return claim


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


def test_an_accepted_order_is_asked_for_later(mill: Mill) -> None:
    claim = answered(mill, Accepted("task-7"))
    record = mill.record(claim)
    assert (record["state"], record["ticket"], record["attempts"]) == ("running", "task-7", "1")
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 0.0 < wait_s <= 1.0  # a twentieth of the catalogue's 20 s
    assert mill.window() == {claim.ref}


def test_what_was_not_sent_is_tried_again_and_costs_no_attempt(mill: Mill) -> None:
    mill.dice.share = 1.0
    claim = answered(mill, NotSent("no route"))
    status = mill.ledger.batches.status("night")
    assert status is not None
    assert status.troubles == {LANE: "no route"}
    for tries in (1, 2, 3):
        record = mill.record(claim)
        assert (record["state"], record["attempts"]) == ("pending", "0")
        assert record["troubles"] == str(tries)
        wait_s = mill.wait_s(claim)
        assert wait_s is not None
        assert 2**tries - 1.5 < wait_s <= 2**tries
        assert mill.window() == set()
        mill.provider.to_submit.append(NotSent("no route"))
        mill.let_time_pass()
        mill.hand_out()
        mill.desk.step("submit", Claim(LANE, claim.ref, claim.number + tries))
    mill.let_time_pass()
    (handout,) = mill.hand_out()
    mill.desk.step("submit", handout.claim)
    record = mill.record(claim)
    assert (record["state"], record["attempts"], record["troubles"]) == ("running", "1", "0")


@pytest.mark.parametrize(
    "answer", [Unanswered("connection reset"), Refused(trouble(ErrorClass.AMBIGUOUS))]
)
def test_a_lost_answer_is_looked_for_later(mill: Mill, answer: SubmitAnswer) -> None:
    claim = answered(mill, answer)
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("submitting", "1")
    assert record["lost_why"] in ("connection reset", "a reason for people")
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 55 < wait_s <= 60  # the account's settle_s
    assert mill.window() == {claim.ref}
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert status.trouble == record["lost_why"]


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


@pytest.mark.parametrize("kind", [ErrorClass.INVALID, ErrorClass.MODERATED])
def test_a_refused_row_fails(mill: Mill, kind: ErrorClass) -> None:
    result = mill.result(answered(mill, Refused(trouble(kind))))
    assert (result.state, result.attempts, result.cost_micro) == (JobState.FAILED, 1, 0)
    assert result.failures == [trouble(kind)]
    assert stop_reason(mill) is None


def test_too_many_requests_slow_the_lane_and_cost_nothing(mill: Mill) -> None:
    claim = answered(mill, Refused(trouble(ErrorClass.THROTTLED), retry_after_s=7.0))
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    slot = mill.ledger.submit_bucket(LANE).take(1000, 1000, patience_s=0)
    assert not slot.booked
    assert 5 < slot.wait_s <= 7
    assert mill.hand_out() == []
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert (status.throttled, status.stopped, status.ready) == (1, None, 1)
    assert mill.ledger.client.hget(LaneKeys(LANE).bucket, "cut") == "500"


def test_an_order_that_came_too_soon_keeps_the_lane_at_its_rate(mill: Mill) -> None:
    """Refused once after a calm while: it came a moment too soon, and goes again in a moment."""
    claim = answered(mill, Refused(trouble(ErrorClass.THROTTLED)))
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    bucket = mill.ledger.client.hgetall(LaneKeys(LANE).bucket)
    assert int(bucket["margin_us"]) > MARGIN_S * 1e6
    assert bucket["cut"] == "1000"
    (handout,) = mill.hand_out()
    mill.desk.step("submit", handout.claim)
    assert mill.record(claim)["state"] == "running"
    status = mill.ledger.lanes.status(LANE)
    assert status is not None
    assert (status.throttled, status.submits) == (1, 1)


def test_refusals_one_after_the_other_slow_the_lane(mill: Mill) -> None:
    for _ in range(REFUSALS_IN_A_ROW):
        mill.ledger.client.hset(LaneKeys(LANE).bucket, "closed_until_us", 0)
        mill.hand_in([job()])
        (handout,) = mill.hand_out()
        mill.provider.to_submit.append(Refused(trouble(ErrorClass.THROTTLED)))
        mill.desk.step("submit", handout.claim)
    assert mill.ledger.client.hget(LaneKeys(LANE).bucket, "cut") == "500"
    assert mill.hand_out() == []


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


@pytest.mark.parametrize("kind", [ErrorClass.ACCOUNT, ErrorClass.MODEL_GONE])
def test_what_concerns_every_row_stops_the_lane(mill: Mill, kind: ErrorClass) -> None:
    claim = answered(mill, Refused(trouble(kind, "Arrearage")))
    record = mill.record(claim)
    assert (record["state"], record["attempts"]) == ("pending", "0")
    assert stop_reason(mill) == "Arrearage: a reason for people"
    assert mill.hand_out() == []
    assert mill.ledger.lanes.resume(LANE)
    (handout,) = mill.hand_out()
    mill.desk.step("submit", handout.claim)
    assert mill.record(claim)["state"] == "running"


def test_a_stumbling_provider_is_asked_five_times(mill: Mill) -> None:
    claim = mill.released()
    for attempt in range(1, 6):
        mill.provider.to_submit.append(Refused(trouble(ErrorClass.TRANSIENT)))
        mill.desk.step("submit", claim)
        assert mill.record(claim)["attempts"] == str(attempt)
        if attempt < 5:
            assert mill.record(claim)["state"] == "pending"
            assert mill.wait_s(claim) is not None
            mill.let_time_pass()
            (handout,) = mill.hand_out()
            claim = handout.claim
    result = mill.result(claim)
    assert (result.state, result.attempts) == (JobState.FAILED, 5)


def test_a_cancelled_order_ends_cancelled(mill: Mill) -> None:
    claim = answered(mill, Refused(trouble(ErrorClass.CANCELLED)))
    assert mill.record(claim)["state"] == "cancelled"


@pytest.mark.parametrize(
    "kind", [ErrorClass.LOST, ErrorClass.TIMEOUT, ErrorClass.DOWNLOAD, ErrorClass.POISON]
)
def test_any_other_refusal_fails_the_job(mill: Mill, kind: ErrorClass) -> None:
    assert mill.record(answered(mill, Refused(trouble(kind))))["state"] == "failed"


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
