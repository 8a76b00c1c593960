"""Lanes: shown, changed while they run, resumed."""

from __future__ import annotations

from contextlib import closing

import pytest

from ledger.opening import open_ledger
from schemas.lane import LaneLimits
from tests.cli.command import CommandLine
from tests.valkey import Valkey

LANE = "dashscope:wanx-v1@default"


@pytest.fixture
def ordered(shared: CommandLine) -> CommandLine:
    """A mill with one batch in one lane."""
    assert shared("submit", shared.manifest("cups", 3)).code == 0
    return shared


def test_lanes_are_shown_with_their_limits_and_what_waits(ordered: CommandLine) -> None:
    shown = ordered("lanes")
    (document,) = ordered("lanes", "--json").documents

    assert shown.code == 0
    for word in (LANE, "2/s", "rate", "window", "waiting"):
        assert word in shown.out
    assert document["lane"] == LANE
    assert (document["waiting"], document["in_play"], document["stopped"]) == (3, 0, None)
    assert document["limits"] == {"rate_per_s": 2.0, "burst": 1, "window": 3}


def test_a_batch_nobody_works_on_says_so(ordered: CommandLine, valkey: Valkey) -> None:
    todo = "to do       no worker is running: `imagemill worker` goes on"
    assert todo in ordered("status").out
    with closing(open_ledger(valkey.url)) as ledger:
        ledger.fleet.report_in("vm-1", threads=4)
    assert "to do" not in ordered("status").out


def test_limits_change_at_once_and_outlast_the_next_submit(ordered: CommandLine) -> None:
    changed = ordered("lanes", "set", LANE, "--rate", "30/min", "--window", "7", "--burst", "2")
    ordered("submit", ordered.manifest("jugs", 1))
    (document,) = ordered("lanes", "--json").documents

    assert (changed.code, changed.out) == (0, "")
    assert "0.5/s, burst 2, window 7" in changed.err
    assert document["limits"] == {"rate_per_s": 0.5, "burst": 2, "window": 7}


def test_lanes_say_which_limit_binds(ordered: CommandLine, valkey: Valkey) -> None:
    (document,) = ordered("lanes", "--json").documents
    assert (document["binds"], document["leaving_per_s"]) == ("workers", 0.0)
    shown = ordered("lanes").out
    assert "limited by" in shown
    assert "workers: none is running" in shown
    assert " 0% " in shown
    with closing(open_ledger(valkey.url)) as ledger:
        ledger.fleet.report_in("vm-1", threads=4)
    assert "workers: more threads would help" in ordered("lanes").out

    batch = ordered("status", "--json").document["batch"]
    assert ordered("pause", batch).code == 0
    assert "paused" in ordered("lanes").out
    assert ordered("lanes", "--json").document["binds"] == "paused"
    ledger = open_ledger(valkey.url)
    ledger.client.flushall()
    ledger.lanes.open(LANE, LaneLimits(rate_per_s=2, window=3))
    ledger.close()
    assert "nothing to do" in ordered("lanes").out


def test_a_lane_says_why_nothing_leaves(ordered: CommandLine, valkey: Valkey) -> None:
    ledger = open_ledger(valkey.url)
    ledger.lanes.note_trouble(LANE, "8 orders in a row went wrong (InternalError)")
    assert "8 orders in a row went wrong" in ordered("lanes").out

    ledger.lanes.stop(LANE, "Arrearage: pay first")
    shown = ordered("lanes").out
    assert "stopped: Arrearage: pay first" in shown
    assert "in a row" not in shown
    ledger.close()


WRONG = [
    (("set", LANE, "--rate", "fast"), "fast"),
    (("set", LANE, "--rate", "0/s"), "rate"),
    (("set", LANE, "--window", "0"), "--window"),
    (("set", "dashscope:nonsense", "--window", "2"), LANE),
    (("resume", "dashscope:nonsense"), LANE),
]


def test_what_cannot_be_set_is_a_usage_error(ordered: CommandLine) -> None:
    for arguments, word in WRONG:
        ran = ordered("lanes", *arguments)

        assert (ran.code, ran.out) == (2, "")
        assert word in ran.err
    (document,) = ordered("lanes", "--json").documents
    assert document["limits"] == {"rate_per_s": 2.0, "burst": 1, "window": 3}


def test_a_stopped_lane_says_why_until_it_is_resumed(ordered: CommandLine, valkey: Valkey) -> None:
    ledger = open_ledger(valkey.url)
    ledger.lanes.stop(LANE, "Arrearage: the account is in arrears")
    ledger.close()

    assert "the account is in arrears" in ordered("lanes").out
    assert "the account is in arrears" in ordered("status").out
    assert "goes on" in ordered("lanes", "resume", LANE).err
    assert "was not stopped" in ordered("lanes", "resume", LANE).err
    assert ordered("status", "--json").document["stopped"] == {}


def test_lanes_set_in_the_settings_are_opened_with_those_limits(shared: CommandLine) -> None:
    shared.write(
        "imagemill.toml",
        f'[lanes."dashscope:wanx-v1"]\nrate = "90/min"\n[lanes."{LANE}"]\nwindow = 9\n',
    )
    shared("submit", shared.manifest("cups", 1))
    (document,) = shared("lanes", "--json").documents

    assert document["limits"] == {"rate_per_s": 1.5, "burst": 1, "window": 9}
