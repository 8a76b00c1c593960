"""A sender that was frozen brings its ticket after others took its job over."""

from __future__ import annotations

from collections.abc import Callable

from ledger.keys import LaneKeys
from schemas.job import Job
from schemas.states import JobState
from tests.steps.ageing import age
from tests.steps.logs import logged
from tests.steps.mill import LANE, Mill, job
from worker.providers.port import Accepted, NoTaskList, SubmitAnswer


def freeze(mill: Mill, meanwhile: Callable[[], object]) -> None:
    """The next order is taken; before its sender hears of it, all this happens."""

    def take(order: Job) -> SubmitAnswer:
        ticket = mill.provider.take_in(order, "task-7")
        meanwhile()
        return Accepted(ticket)

    mill.provider.to_submit.append(take)


def look(mill: Mill, *, settled: bool = True) -> None:
    """Another worker takes the job over, and looks what became of its order."""
    if settled:
        age(mill.ledger, mill.provider)
    mill.other_desk.step("reconcile", mill.due_again(JobState.SUBMITTING))


def test_it_is_brought_home_while_the_job_is_looked_for(mill: Mill) -> None:
    claim = mill.released()
    freeze(mill, lambda: look(mill, settled=False))
    with logged() as lines:
        mill.desk.step("submit", claim)
    found = mill.record(claim)
    assert (found["state"], found["ticket"], found["claim"]) == ("running", "task-7", "2")
    assert mill.ledger.client.hlen(LaneKeys(LANE).unsettled) == 0
    assert lines.of("ticket.orphaned") == []
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert mill.result(claim).state is JobState.SUCCEEDED


def test_whoever_looks_for_the_job_meanwhile_comes_too_late(mill: Mill) -> None:
    claim = mill.released()
    freeze(mill, lambda: mill.due_again(JobState.SUBMITTING))
    mill.desk.step("submit", claim)
    before = mill.record(claim)
    mill.other_desk.step("reconcile", claim._replace(number=2))
    assert mill.record(claim) == before


def test_it_says_nothing_new_once_it_was_adopted(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.released()
    freeze(mill, lambda: look(mill))
    with logged() as lines:
        mill.desk.step("submit", claim)
    assert (mill.record(claim)["state"], mill.record(claim)["ticket"]) == ("running", "task-7")
    assert lines.of("ticket.orphaned") == []


def test_it_says_nothing_new_once_its_picture_is_stored_and_sealed(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claim = mill.released()

    def finish() -> None:
        look(mill)
        mill.other_desk.step("poll", mill.due_again(JobState.RUNNING))
        mill.other_desk.step("store", mill.due_again(JobState.STORING))
        mill.let_time_pass()
        mill.hand_out()

    freeze(mill, finish)
    with logged() as lines:
        mill.desk.step("submit", claim)
    assert mill.record(claim) == {}
    assert lines.of("ticket.orphaned") == []


def test_it_is_told_to_people_once_the_row_was_given_up(mill: Mill) -> None:
    claim = mill.released()
    mill.provider.to_list.append(NoTaskList())
    freeze(mill, lambda: look(mill))
    with logged() as lines:
        mill.desk.step("submit", claim)
    assert mill.record(claim)["state"] == "uncertain"
    (line,) = lines.of("ticket.orphaned")
    assert (line["batch"], line["job"], line["ticket"]) == ("night", "SKU-1", "task-7")
    assert line["level"] == "error"


def test_it_counts_for_its_own_order_only(mill: Mill) -> None:
    mill.configure("resubmit")
    claim = mill.released()
    mill.provider.to_list.append(NoTaskList())

    def order_again() -> None:
        look(mill)
        mill.let_time_pass()
        (handout,) = mill.hand_out()
        mill.provider.to_submit.append(mill.provider.take_and_say_nothing)
        mill.other_desk.step("submit", handout.claim)

    freeze(mill, order_again)
    with logged() as lines:
        mill.desk.step("submit", claim)
    found = mill.record(claim)
    assert (found["state"], found["doubles"], found.get("ticket")) == ("submitting", "1", "")
    assert len(lines.of("ticket.orphaned")) == 1


def test_an_order_of_another_row_keeps_its_own_ticket(mill: Mill) -> None:
    mill.configure(exclusive=True)
    mill.hand_in([job("SKU-1"), job("SKU-2", prompt="a dog")])
    first, second = (handout.claim for handout in mill.hand_out())
    freeze(mill, lambda: mill.other_desk.step("submit", second))
    mill.desk.step("submit", first)
    assert mill.record(first)["ticket"] == "task-7"
    assert mill.record(second)["ticket"] == "task-1"
