"""Pausing, resuming and cancelling from the command line; no worker acts, so that nothing moves."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from ledger.opening import open_ledger
from schemas.batch import Hold
from tests.cli.command import PROGRAM, CommandLine
from tests.valkey import Valkey

LANE = "dashscope:wanx-v1@default"
OTHER = "dashscope:flux-schnell@default"


@pytest.fixture
def cups(shared: CommandLine) -> CommandLine:
    """A mill with one batch, in two lanes."""
    rows = ["sku,prompt,model", "A,a cup,wanx-v1", "B,a jug,wanx-v1", "C,a bowl,flux-schnell"]
    manifest = shared.write("cups.csv", "\n".join(rows) + "\n")
    assert shared("submit", manifest, "--batch", "cups").code == 0
    return shared


def state(command_line: CommandLine) -> str:
    return str(command_line("status", "cups", "--json").document["state"])


def test_a_batch_is_paused_until_it_is_resumed(cups: CommandLine) -> None:
    paused = cups("pause", "cups", "--json")
    assert (paused.code, paused.document["state"]) == (0, "paused")
    assert "imagemill resume cups" in paused.err
    shown = cups("status").out
    assert "paused" in shown
    assert "imagemill resume cups" in shown
    assert "paused" in cups("batches").out

    resumed = cups("resume", "cups", "--json")
    assert (resumed.code, resumed.document["state"]) == (0, "running")
    assert "cups goes on" in resumed.err
    assert "cups was not held" in cups("resume", "cups").err


def test_a_lane_is_paused_until_it_is_resumed(cups: CommandLine) -> None:
    (paused,) = cups("pause", LANE, "--json").documents
    assert paused["stopped"] == "paused by hand"
    assert "paused by hand" in cups("status").out
    assert "takes no new jobs anyway: paused by hand" in cups("pause", LANE).err
    assert state(cups) == "running"

    assert "goes on" in cups("resume", LANE).err
    assert "was not stopped" in cups("resume", LANE).err


def test_a_pause_does_not_hide_why_a_lane_stopped(cups: CommandLine, valkey: Valkey) -> None:
    ledger = open_ledger(valkey.url)
    ledger.lanes.stop(LANE, "Arrearage: the account is in arrears")
    ledger.close()

    assert "in arrears" in cups("pause", LANE).err
    assert cups("lanes", "--json").documents[1]["stopped"].startswith("Arrearage")


def test_cancelling_says_what_will_happen_and_does_not_ask_scripts(cups: CommandLine) -> None:
    ran = cups("cancel", "cups", "--json")

    assert (ran.code, ran.document["state"]) == (0, "cancelling")
    assert "cups: 3 rows are withdrawn." in ran.err
    refused = cups("resume", "cups")
    assert refused.code == 10
    assert "imagemill retry cups --cancelled" in refused.err
    assert "not finished (cancelling)" in cups("retry", "cups").err


@pytest.mark.parametrize(
    ("answer", "left"), [("n", "running"), ("y", "cancelling")], ids=["no", "yes"]
)
def test_a_person_at_a_terminal_is_asked(cups: CommandLine, answer: str, left: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(PROGRAM), "cancel", "cups"],
        cwd=cups.folder,
        env=cups.environment,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        asked = b""
        while b"[y/N]" not in asked:
            asked += os.read(ours, 1000)
        os.write(ours, f"{answer}\n".encode())
        assert process.wait(20) == 0
    os.close(ours)

    assert b"cups: 3 rows are withdrawn." in asked
    assert state(cups) == left


def test_a_lane_s_cancel_withdraws_its_rows_only(cups: CommandLine, valkey: Valkey) -> None:
    ran = cups("cancel", LANE)

    assert (ran.code, ran.out) == (0, "")
    assert "cups: 2 rows are withdrawn." in ran.err
    ledger = open_ledger(valkey.url)
    batch = ledger.batches.document("cups")
    assert batch is not None
    holds = {counts.lane: counts.holds for counts in ledger.batches.counts(batch)}
    ledger.close()
    assert holds == {LANE: [Hold.CANCEL], OTHER: []}


WRONG = [
    (("pause", "nothing"), 2, "no batch 'nothing'"),
    (("cancel", "nothing"), 2, "no batch 'nothing'"),
    (("resume", "dashscope:nothing"), 2, "no lane"),
    (("cancel", "dashscope:nothing"), 2, "no lane"),
    (("resume", LANE, "--budget", "5CNY"), 2, "belongs to a batch"),
    (("resume", "cups", "--budget", "five"), 2, "no amount"),
    (("resume", "cups", "--budget", "5USD"), 6, "billed in CNY"),
    (("retry", "nothing"), 2, "no batch 'nothing'"),
    (("retry", "--class", "moderation"), 2, "did you mean moderated"),
    (("retry", "--ids", ","), 2, "names no row"),
    (("retry", "cups"), 9, "not finished (running): 0 of 3 rows"),
]


def test_what_cannot_be_done_says_why(cups: CommandLine) -> None:
    before = cups("status", "cups", "--json").document
    for arguments, code, words in WRONG:
        ran = cups(*arguments)

        assert (ran.code, ran.out) == (code, ""), arguments
        assert words in ran.err
    assert cups("status", "cups", "--json").document == before


def test_a_budget_is_weighed_against_the_list_price(shared: CommandLine) -> None:
    manifest = shared.manifest("cups", 10)

    ran = shared("submit", manifest, "--budget", "1 CNY", "--json")

    assert ran.code == 0
    assert "about 6 of 10 rows fit into the budget of 1.00 CNY" in ran.err
    assert ran.document["budgets"]["CNY"] == {"limit": "1.00", "spent": "0.00", "reserved": "0.00"}
    assert "0.00 of 1.00 CNY spent" in shared("status").out
    again = shared("submit", manifest, "--budget", "2 CNY", "--json")
    assert again.document == ran.document
    assert "--budget` changes it" in again.err
    raised = shared("resume", ran.document["batch"], "--budget", "2CNY", "--json")
    assert raised.document["budgets"]["CNY"]["limit"] == "2.00"
    assert "may cost 2.00 CNY from now on" in raised.err


@pytest.mark.parametrize(
    ("budgets", "code", "words"),
    [
        (["5USD"], 6, "bills in CNY, for which there is no budget"),
        (["5CNY", "5USD"], 6, "No row is billed in USD"),
        (["5CNY", "6CNY"], 2, "given twice"),
        (["5"], 2, "5CNY"),
    ],
)
def test_a_budget_that_is_none_is_refused(
    shared: CommandLine, budgets: list[str], code: int, words: str
) -> None:
    options = [option for budget in budgets for option in ("--budget", budget)]
    ran = shared("submit", shared.manifest("cups", 2), *options)

    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert shared("batches", "--json").documents == []
