"""Priorities from the command line; no worker acts, so that nothing moves."""

from __future__ import annotations

from ledger.opening import open_ledger
from tests.cli.command import CommandLine
from tests.valkey import Valkey

LANE = "dashscope:wanx-v1@default"


def submitted(command_line: CommandLine, name: str, *options: str) -> None:
    ran = command_line("submit", command_line.manifest(name, 2), "--batch", name, *options)
    assert ran.code == 0, ran.err


def test_a_batch_is_handed_in_with_its_priority(shared: CommandLine) -> None:
    submitted(shared, "usual")
    submitted(shared, "urgent", "--priority", "high")
    assert shared("status", "urgent", "--json").document["priority"] == "high"
    assert "priority    high" in shared("status", "urgent").out
    listed = {line.split()[0]: line for line in shared("batches").out.splitlines()}
    assert "high priority" in listed["urgent"]
    assert "priority" not in listed["usual"]
    assert "priority" not in shared("status", "usual").out


def test_a_priority_can_be_changed_on_the_way(shared: CommandLine, valkey: Valkey) -> None:
    submitted(shared, "cups")
    submitted(shared, "jugs")
    changed = shared("prioritize", "jugs", "low", "--json")
    assert (changed.code, changed.document["priority"]) == (0, "low")
    assert "jugs has priority low from now on." in changed.err
    ledger = open_ledger(valkey.url)
    ticks = [ledger.lanes.tick([LANE], 30, 10)[LANE] for _ in range(2)]
    ledger.close()
    # Each priority loads by itself: were both alike, the second chunk would wait for the first.
    assert [chore.chunk.batch for tick in ticks for chore in tick.chores] == ["cups", "jugs"]


def test_the_same_batch_again_keeps_its_priority_and_says_how_to_change_it(
    shared: CommandLine,
) -> None:
    submitted(shared, "cups", "--priority", "low")
    again = shared("submit", "cups.csv", "--batch", "cups", "--priority", "high")
    assert "`imagemill prioritize cups high`" in again.err
    assert shared("status", "cups", "--json").document["priority"] == "low"


def test_a_priority_nobody_knows_and_a_batch_nobody_knows(shared: CommandLine) -> None:
    submitted(shared, "cups")
    assert shared("prioritize", "cups", "urgent").code == 2
    unknown = shared("prioritize", "cup", "high")
    assert unknown.code != 0
    assert "cup" in unknown.err
