"""Orders whose answer was lost: each verdict, from the order to the end of the job."""

from __future__ import annotations

import pytest

from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.batch import BatchStatus
from schemas.failure import ErrorClass
from schemas.lane import LaneStatus
from schemas.states import JobState
from tests.steps.ageing import age
from tests.steps.mill import LANE, PROMPT, Mill, job
from worker import steps
from worker.providers.port import NoTaskList, Unanswered
from worker.recording import record
from worker.undecided import SENDER_GONE


def lane(mill: Mill) -> LaneStatus:
    found = mill.ledger.lanes.status(LANE)
    assert found is not None
    return found


def batch(mill: Mill) -> BatchStatus:
    found = mill.ledger.batches.status("night")
    assert found is not None
    return found


def reconciled(mill: Mill) -> Claim:
    """The lost order, looked for once it may be found."""
    claim = mill.settled()
    mill.desk.step("reconcile", claim)
    return claim


def ordered_anew(mill: Mill) -> Claim:
    """The one job that is ready again, ordered once more."""
    mill.let_time_pass()
    (handout,) = mill.hand_out()
    mill.desk.step("submit", handout.claim)
    return handout.claim


def unsettled(mill: Mill) -> int:
    return int(mill.ledger.client.hlen(LaneKeys(LANE).unsettled))


def test_nothing_is_concluded_before_the_answer_may_be_out(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.lost(arrived=False)
    age(mill.ledger, mill.provider, 64.0)
    mill.desk.step("reconcile", mill.due_again(JobState.SUBMITTING))
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 0 < wait_s <= 1.0  # settle_s and the list's lag make 65
    assert (mill.record(claim)["state"], mill.provider.asked_lists) == ("submitting", [])


def test_the_only_task_of_an_exclusive_account_is_adopted(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.lost()
    reconciled(mill)
    found = mill.record(claim)
    assert (found["state"], found["ticket"], found["attempts"]) == ("running", "task-1", "1")
    assert mill.provider.polled == []
    assert (lane(mill).adopted, lane(mill).submits, unsettled(mill)) == (1, 1, 0)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    result = mill.result(claim)
    assert (result.state, result.cost_micro, result.ticket) == (
        JobState.SUCCEEDED,
        160_000,
        "task-1",
    )
    assert (result.possible_double_charges, len(mill.provider.ordered)) == (0, 1)


def test_a_task_that_repeats_the_prompt_is_adopted(mill: Mill) -> None:
    mill.provider.echoes = True
    mill.provider.take_in(job("strange", prompt="a dog"))
    claim = mill.lost()
    mill.provider.take_in(job("stranger", prompt="a castle"))
    reconciled(mill)
    assert mill.record(claim)["ticket"] == "task-2"
    assert sorted(mill.provider.polled) == ["task-1", "task-2", "task-3"]


def test_a_task_still_drawn_is_looked_at_later(mill: Mill) -> None:
    mill.provider.echoes = mill.provider.busy = True
    claim = mill.lost()
    reconciled(mill)
    assert (mill.record(claim)["state"], mill.record(claim)["troubles"]) == ("submitting", "1")
    mill.provider.waiting.clear()
    mill.desk.step("reconcile", mill.due_again(JobState.SUBMITTING))
    assert mill.record(claim)["ticket"] == "task-1"


def test_an_order_that_never_arrived_is_sent_again_once(mill: Mill) -> None:
    claim = mill.lost(arrived=False)
    reconciled(mill)
    found = mill.record(claim)
    assert (found["state"], found["attempts"]) == ("pending", "0")
    assert (lane(mill).absent, unsettled(mill), mill.window()) == (1, 0, set())
    ordered_anew(mill)
    found = mill.record(claim)
    assert (found["state"], found["attempts"], found["ticket"]) == ("running", "1", "task-1")
    assert (len(mill.provider.ordered), len(mill.provider.accepted)) == (2, 1)
    assert batch(mill).possible_double_charges == 0


def test_what_nobody_can_tell_is_left_to_a_person(mill: Mill) -> None:
    mill.provider.take_in(job("strange"))
    claim = mill.lost()
    reconciled(mill)
    result = mill.result(claim)
    assert (result.state, result.attempts, result.cost_micro) == (JobState.UNCERTAIN, 1, 0)
    assert (result.at_risk_micro, result.ticket, result.possible_double_charges) == (
        160_000,
        None,
        0,
    )
    (failure,) = result.failures
    assert failure.error_class is ErrorClass.AMBIGUOUS
    assert failure.message == (
        "the line dropped; 2 tasks of that moment may be this order, "
        "and the provider does not say clearly what it was asked to draw"
    )
    assert batch(mill).at_risk == {"CNY": "0.16"}
    assert (mill.wait_s(claim), mill.window(), unsettled(mill)) == (None, set(), 1)


def test_a_provider_without_a_list_leaves_it_to_a_person(mill: Mill) -> None:
    claim = mill.lost()
    mill.provider.to_list.append(NoTaskList())
    reconciled(mill)
    (failure,) = mill.result(claim).failures
    assert failure.message == "the line dropped; this provider keeps no list of its tasks"


def test_a_sender_that_died_is_said_to_have(mill: Mill) -> None:
    mill.provider.take_in(job("strange"))
    claim = mill.released()
    held = mill.desk._take(claim)
    assert held is not None
    mill.tools.mark_submitting(held)
    mill.provider.take_in(held.job)
    reconciled(mill)
    assert mill.result(claim).failures[0].message.startswith(f"{SENDER_GONE}; 2 tasks")


def test_an_uncertain_order_is_sent_again_where_that_was_chosen(mill: Mill) -> None:
    mill.configure(on_uncertain="resubmit")
    document = mill.hand_in([job()])
    mill.ledger.batches.set_budget(document, "CNY", 320_000)
    (handout,) = mill.hand_out()
    mill.provider.take_in(job("strange"))
    mill.lose(handout.claim)
    reconciled(mill)
    found = mill.record(handout.claim)
    assert (found["state"], found["attempts"], found["doubles"]) == ("pending", "1", "1")
    assert (batch(mill).possible_double_charges, batch(mill).at_risk) == (1, {"CNY": "0.16"})
    ordered_anew(mill)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    result = mill.result(handout.claim)
    assert (result.state, result.cost_micro, result.attempts) == (JobState.SUCCEEDED, 160_000, 2)
    assert (result.possible_double_charges, result.at_risk_micro) == (1, 0)
    purse = mill.ledger.batch_purse("night", "CNY").read()
    assert (purse.spent_micro, purse.reserved_micro) == (320_000, 0)


def test_what_is_sent_again_although_uncertain_is_sent_five_times_at_most(mill: Mill) -> None:
    mill.configure(on_uncertain="resubmit")
    claim = mill.lost()
    for attempt in range(2, 7):
        mill.provider.to_list.append(NoTaskList())
        reconciled(mill)
        if attempt < 6:
            mill.provider.to_submit.append(Unanswered("the line dropped"))
            ordered_anew(mill)
    result = mill.result(claim)
    assert (result.state, result.attempts) == (JobState.UNCERTAIN, 5)
    assert (result.possible_double_charges, result.at_risk_micro) == (4, 160_000)
    assert batch(mill).at_risk == {"CNY": "0.80"}


def test_an_order_given_up_as_poison_is_remembered(mill: Mill) -> None:
    claim = mill.lost()
    mill.poison(mill.settled())
    assert mill.result(claim).state is JobState.UNCERTAIN
    assert [order.prompt for order in mill.ledger.tickets.unsettled(LANE)] == [PROMPT]


def test_an_order_learns_nothing_from_the_one_before(mill: Mill) -> None:
    claim = mill.lost(arrived=False)
    reconciled(mill)
    assert mill.record(claim)["lost_after_ms"] == ""
    ordered_anew(mill)
    assert mill.record(claim)["lost_why"] == ""


@pytest.mark.parametrize("verdict", ["adopted", "absent", "uncertain"])
def test_a_verdict_that_comes_late_changes_nothing(mill: Mill, verdict: str) -> None:
    mill.configure(exclusive=verdict == "adopted")
    claim = mill.lost(arrived=verdict != "absent")
    held = mill.desk._take(mill.settled())
    assert held is not None
    outcome = mill.desk._run(steps.reconcile, held)
    mill.due_again(JobState.SUBMITTING)
    before = mill.record(claim)
    record(held, outcome, mill.tools)
    assert mill.record(claim)["state"] == ("running" if verdict == "adopted" else "submitting")
    assert (mill.record(claim) == before) == (verdict != "adopted")
