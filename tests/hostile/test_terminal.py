"""A provider's words that would steer the terminal of whoever reads them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from producer.pace import Pace
from producer.problem import for_terminal
from producer.progress import panel, progress
from producer.table import print_table
from schemas.batch import BatchStatus
from tests.hostile.fortress import Fortress

WORDS = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[/red][link=http://evil.test]click[bold"


def status() -> BatchStatus:
    lane = "dashscope:wanx-v1@default"
    return BatchStatus(
        batch="night", state="running", total=2, stopped={lane: WORDS}, troubles={lane: WORDS}
    )


def assert_harmless(said: str) -> None:
    assert "evil.test" in said, "what was said is shown"
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(said)


def test_lines_of_progress_show_it_as_it_is() -> None:
    out = io.StringIO()
    with progress(Console(file=out, width=500)) as show:
        show(status(), 0.0)
    assert_harmless(out.getvalue())


def test_the_panel_shows_it_as_it_is() -> None:
    out = io.StringIO()
    console = Console(file=out, width=500, color_system=None)
    console.print(panel(status(), Pace().see(status(), 0.0)))
    assert_harmless(out.getvalue())


def test_a_table_shows_it_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("lane", ""), [("dashscope:wanx-v1@default", WORDS)])
    assert_harmless(capsys.readouterr().out)


def test_lines_stay_lines() -> None:
    assert for_terminal("one\ntwo\x1b[1m\n猫\n") == "one\ntwo\\x1b[1m\n猫\n"


@pytest.mark.system
def test_a_provider_that_shouts_is_quoted(fortress: Fortress) -> None:
    shout = {"kind": "error", "status": 400, "code": "Arrearage", "message": WORDS}
    fortress.simulator.script({"on": "create", "match": " shout ", "times": -1, "do": shout})
    batch = fortress.order("shout", 1, "--account", "shouting")
    fortress.stops(batch)

    for look in (("status", batch), ("lanes",), ("watch", batch, "--timeout", "0.2")):
        assert_harmless("".join(fortress.say(*look, user="watcher")[1]))
