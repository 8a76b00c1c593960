"""Orders that left: what each answer of the provider makes of the job and its lane."""

from __future__ import annotations

import pytest

from ledger.bucket import MARGIN_S, REFUSALS_IN_A_ROW
from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.steps.mill import LANE, Mill, job
from tests.steps.scripted_provider import trouble
from worker.providers.port import Accepted, NotSent, Refused, SubmitAnswer, Unanswered


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
