"""Lost orders that compete for the same tasks: none gets another's picture."""

from __future__ import annotations

import pytest

from ledger.moves import Claim
from schemas.job import Job
from schemas.states import JobState
from tests.steps.ageing import LONG_S, age
from tests.steps.mill import BATCH, LANE, PROMPT, Mill, job
from worker.policy.reconciling import MARGIN_S

CAT, DOG = job("cat", prompt=PROMPT), job("dog", prompt="a dog with a bowler hat")


def released(mill: Mill, *jobs: Job, batch: str = BATCH) -> dict[str, Claim]:
    """Jobs handed out to be ordered, by id."""
    mill.hand_in(list(jobs), batch)
    return {handout.claim.job: handout.claim for handout in mill.hand_out()}


def reconcile_all(mill: Mill) -> None:
    """Every lost order is looked for, one after the other."""
    mill.let_time_pass()
    for handout in mill.hand_out():
        if handout.state is JobState.SUBMITTING:
            mill.desk.step("reconcile", handout.claim)


def states(mill: Mill, claims: dict[str, Claim]) -> dict[str, str]:
    return {name: mill.record(claim)["state"] for name, claim in claims.items()}


def test_two_lost_at_once_are_told_apart_by_what_they_draw(mill: Mill) -> None:
    mill.configure(exclusive=True)
    mill.provider.echoes = True
    claims = released(mill, CAT, DOG)
    for claim in claims.values():
        mill.lose(claim)
    age(mill.ledger, mill.provider)
    reconcile_all(mill)
    tickets = {name: mill.record(claim)["ticket"] for name, claim in claims.items()}
    assert tickets == {"cat": "task-1", "dog": "task-2"}


def test_two_lost_at_once_that_nobody_tells_apart_are_left_open(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claims = released(mill, CAT, DOG)
    for claim in claims.values():
        mill.lose(claim)
    age(mill.ledger, mill.provider)
    reconcile_all(mill)
    assert states(mill, claims) == {"cat": "uncertain", "dog": "uncertain"}


@pytest.mark.parametrize("echoes", [True, False])
def test_of_two_lost_only_one_arrived(mill: Mill, echoes: bool) -> None:
    mill.configure(exclusive=True)
    mill.provider.echoes = echoes
    claims = released(mill, CAT, DOG)
    mill.lose(claims["cat"], arrived=False)
    mill.lose(claims["dog"])
    age(mill.ledger, mill.provider)
    reconcile_all(mill)
    told_apart = {"cat": "pending", "dog": "running"}
    assert states(mill, claims) == (told_apart if echoes else dict.fromkeys(claims, "uncertain"))


def test_the_same_prompt_twice_is_left_open_even_where_it_is_repeated(mill: Mill) -> None:
    mill.provider.echoes = True
    claims = released(mill, CAT, job("kitten", prompt=PROMPT))
    mill.lose(claims["cat"])
    mill.lose(claims["kitten"], arrived=False)
    age(mill.ledger, mill.provider)
    reconcile_all(mill)
    assert states(mill, claims) == {"cat": "uncertain", "kitten": "uncertain"}


def test_an_order_under_way_may_own_the_task(mill: Mill) -> None:
    mill.configure(exclusive=True)
    claims = released(mill, CAT, DOG)
    mill.lose(claims["cat"], arrived=False)
    held = mill.desk._take(claims["dog"])
    assert held is not None
    mill.tools.mark_submitting(held)
    mill.provider.take_in(held.job)  # its answer has not come yet
    age(mill.ledger, mill.provider)
    mill.desk.step("reconcile", due(mill, "cat"))
    assert mill.record(claims["cat"])["state"] == "uncertain"


def due(mill: Mill, name: str) -> Claim:
    mill.let_time_pass()
    return next(h.claim for h in mill.hand_out() if h.claim.job == name)


def test_an_order_answered_meanwhile_is_nobodys_rival(mill: Mill) -> None:
    claims = released(mill, CAT, DOG)
    mill.lose(claims["cat"], arrived=False)
    mill.desk.step("submit", claims["dog"])
    age(mill.ledger, mill.provider)
    mill.desk.step("reconcile", due(mill, "cat"))
    assert states(mill, claims) == {"cat": "pending", "dog": "running"}


@pytest.mark.parametrize("apart_s", [0.0, LONG_S])
def test_a_row_left_open_still_claims_its_moments_tasks(mill: Mill, apart_s: float) -> None:
    mill.configure(exclusive=True)
    first = released(mill, DOG, batch="yesterday")
    mill.lose(first["dog"], arrived=False)
    age(mill.ledger, mill.provider, apart_s)
    second = released(mill, CAT)
    mill.lose(second["cat"])
    age(mill.ledger, mill.provider)
    mill.poison(due(mill, "dog"))
    assert mill.record(first["dog"])["state"] == "uncertain"
    mill.desk.step("reconcile", due(mill, "cat"))
    competes = apart_s <= MARGIN_S
    assert mill.record(second["cat"])["state"] == ("uncertain" if competes else "running")


def test_a_row_left_open_is_remembered_after_its_batch_is_done(mill: Mill) -> None:
    mill.configure(exclusive=True)
    first = released(mill, DOG, batch="yesterday")
    mill.lose(first["dog"], arrived=False)
    second = released(mill, CAT)
    mill.lose(second["cat"])
    age(mill.ledger, mill.provider)
    mill.poison(due(mill, "dog"))
    for chore in mill.ledger.lanes.tick([LANE], 30, 100)[LANE].chores:
        mill.desk.chore(chore.what, LANE, str(chore.chunk))
    assert mill.record(first["dog"]) == {}
    mill.desk.step("reconcile", due(mill, "cat"))
    assert mill.record(second["cat"])["state"] == "uncertain"
