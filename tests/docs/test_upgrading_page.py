"""docs/upgrading.md: its commands do what is said of them; docs/status-pages.md: its addresses are there."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger.keys import batch_record
from ledger.opening import Ledger
from ledger.version import LEDGER_VERSION, UNMARKED
from producer.commands.ui import PORT
from producer.ui.access import LASTS_S, SHORTEST
from producer.ui.reasons import PARTS_AT_ONCE
from producer.ui.views import LIVE_S
from tests.steps.mill import Mill
from tests.steps.nights import FIRST, night, rows
from tests.ui.running import command_line_of
from tests.valkey import Valkey

DOCS = Path(__file__).parents[2] / "docs"
UPGRADING = (DOCS / "upgrading.md").read_text(encoding="utf-8")
STATUS = (DOCS / "status-pages.md").read_text(encoding="utf-8")


def test_the_commands_do_what_is_said_of_them(
    ledger: Ledger, valkey: Valkey, tmp_path: Path
) -> None:
    block = re.findall(r"^```sh\n(.*?)^```", UPGRADING, re.MULTILINE | re.DOTALL)[0]
    typed = [shlex.split(line.split("#")[0])[1:] for line in block.splitlines()]
    night(Mill(ledger, tmp_path), FIRST, rows("A", "B"))
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    ledger.client.hset(batch_record(FIRST), "finished_at", an_hour_ago.isoformat())
    shop = command_line_of(tmp_path, valkey)

    for words in typed:
        ran = shop(*words)
        assert ran.code == 0, ran.err
        assert f"Nothing is older than {words[2] if '--keep' in words else '90d'}" in ran.err
    assert ledger.batches.names() == [FIRST]

    counted = shop("prune", "--keep", "30min")
    assert "records of batches" in counted.out
    assert "--yes removes it" in counted.err
    assert ledger.batches.names() == [FIRST]

    done = shop("prune", "--keep", "30min", "--yes", "--json").document
    assert (done["removed"], done["batches"]) == (True, [FIRST])
    assert {part["kind"] for part in done["parts"]} == {"records", "chunks"}
    assert ledger.batches.names() == []
    folder = tmp_path / "store" / "batches" / FIRST
    assert (folder / "index.html").exists()
    assert not (folder / "input").exists()


def test_the_figures_are_those_there_are() -> None:
    assert f"The version is {LEDGER_VERSION}" in UPGRADING
    assert UNMARKED == 1
    assert f"127.0.0.1:{PORT}/" in STATUS
    assert f"{SHORTEST} characters" in STATUS
    assert (LASTS_S, LIVE_S) == (12 * 3600, 2)
    assert f"reads {PARTS_AT_ONCE} parts" in STATUS
