"""`retry` from anywhere: what it says, what it prints, what it hands in; no worker acts."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.opening import Ledger
from schemas.failure import ErrorClass
from schemas.states import JobState
from storage import LocalStorage
from tests.cli.command import CommandLine
from tests.submission.finished import finish

ENDINGS: dict[str, tuple[Any, ...]] = {
    "cups-001": (JobState.FAILED, ErrorClass.MODERATED),
    "cups-002": (JobState.PARTIAL, ErrorClass.DOWNLOAD),
    "cups-003": (JobState.UNCERTAIN, ErrorClass.AMBIGUOUS),
    "cups-004": (JobState.FAILED, ErrorClass.TIMEOUT),
}


@pytest.fixture
def cups(shared: CommandLine, ledger: Ledger) -> CommandLine:
    """A mill with one finished batch of six rows."""
    assert shared("submit", shared.manifest("cups", 6, n=2), "--batch", "cups").code == 0
    finish(ledger, LocalStorage(shared.folder / "out"), "cups", ENDINGS)
    return shared


def test_a_rehearsal_changes_nothing(cups: CommandLine) -> None:
    before = cups("status", "--json").document

    ran = cups("retry", "--dry-run", "--json")

    assert ran.code == 0
    assert ran.document == {
        "batch": "cups",
        "round": None,
        "jobs": 3,
        "images": 5,
        "by_state": {"failed": 2, "partial": 1},
        "at_most_cost": {"CNY": "0.80"},
        "possible_double_charges": 1,
        "dry_run": True,
        "status": None,
    }
    assert "3 rows again (1 partial, 2 failed), 5 images, at most 0.80 CNY" in ran.err
    assert "warning: of 1 of them the provider lost the order or never finished it" in ran.err
    assert cups("status", "--json").document == before


def test_rows_are_handed_to_the_workers_once(cups: CommandLine) -> None:
    ran = cups("retry", "cups", "--json")

    assert (ran.code, ran.document["jobs"], ran.document["dry_run"]) == (0, 3, False)
    assert ran.document["round"] >= 2
    assert "no worker is running" in ran.err
    status = cups("status", "--json").document
    assert (status["state"], status["pending"], status["uncertain"]) == ("running", 3, 1)
    assert status["possible_double_charges"] == 1
    assert "1 possible double charge" in cups("status").out
    again = cups("retry", "cups")
    assert (again.code, again.out) == (9, "")
    assert "not finished (running): 3 of 6 rows are done" in again.err


def test_uncertain_rows_are_only_run_where_it_is_said(cups: CommandLine) -> None:
    cups.write("ids.txt", "cups-003\ncups-000\n")

    refused = cups("retry", "--ids", "@ids.txt")
    assert refused.code == 0
    assert refused.out == ""
    assert "Not run again, though named: 1 succeeded, 1 uncertain." in refused.err
    assert "retry cups --uncertain" in refused.err

    ran = cups("retry", "--ids", "@ids.txt", "--uncertain", "--quiet")
    assert (ran.code, ran.out) == (0, "cups\n")
    assert "warning: 1 of them is uncertain" in ran.err
    assert "paid for twice" in ran.err
    assert cups("status", "--json").document["uncertain"] == 0


def test_an_unknown_row_is_answered_with_the_nearest(cups: CommandLine) -> None:
    ran = cups("retry", "--ids", "cups-01,cups-001")

    assert (ran.code, ran.out) == (2, "")
    assert "cups has no row cups-01 (did you mean cups-0" in ran.err
    assert cups("status", "--json").document["state"] == "finished"
