"""How a batch stands, in words."""

from __future__ import annotations

import pytest

from producer.pace import Figures
from producer.progress import line
from producer.standing import advice, budget, hindrances, risk
from schemas.batch import BatchStatus, BudgetStatus
from tests.submission.statuses import status

LANE = "dashscope:wanx-v1@default"


def test_what_may_have_been_charged_for_nothing_is_said() -> None:
    doubted = status(at_risk={"CNY": "0.32", "USD": "0.10"}, possible_double_charges=2)
    assert risk(doubted) == (
        "0.32 CNY + 0.10 USD may have been charged for nothing, 2 possible double charges"
    )
    assert risk(status(possible_double_charges=1)) == "1 possible double charge"
    assert risk(status()) == ""


def test_a_budget_is_told_by_currency() -> None:
    purse = BudgetStatus(limit="50.00", spent="3.20", reserved="0.16")
    assert budget(status(budgets={"CNY": purse})) == "3.20 of 50.00 CNY spent"
    assert budget(status()) == ""


@pytest.mark.parametrize(
    ("stands", "words"),
    [
        (status(), ""),
        (status(state="paused"), "`imagemill resume night` lets it go on"),
        (status(state="parked: budget"), "`imagemill resume night --budget AMOUNT`"),
        (status(state="cancelling"), "nothing; its last orders are coming in"),
        (status(stopped={LANE: "in arrears"}), f"put right what stopped it, then `imagemill resume {LANE}`"),
        (status(stopped={LANE: "paused by hand"}), f"`imagemill resume {LANE}`"),
        (status(state="finished", failed=1, partial=1), "`imagemill retry night` runs"),
        (status(state="finished", uncertain=1), "`imagemill retry night --uncertain`"),
        (status(state="finished", cancelled=1), "`imagemill retry night --cancelled`"),
        (status(state="finished", succeeded=100), ""),
    ],
)  # fmt: skip
def test_what_can_be_done_is_said(stands: BatchStatus, words: str) -> None:
    assert advice(stands).startswith(words)
    assert bool(advice(stands)) == bool(words)


def test_a_held_batch_promises_no_end() -> None:
    held = status(state="paused", stopped={LANE: "in arrears"}, troubles={"other": "no answer"})
    assert hindrances(held) == ["paused", f"{LANE} stopped: in arrears", "other: no answer"]
    told = line(held, Figures(92.0, 185.0))
    assert told.endswith(f"; paused; {LANE} stopped: in arrears; other: no answer")
    assert line(status(), Figures(92.0, 185.0)).endswith("about 3 min 5 s left")
