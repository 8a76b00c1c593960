"""Two workers, a bucket, a night's order: everything arrives, once, and nothing is left behind."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from schemas.states import JobState
from tests.cli.command import CommandLine, prompt_of
from tests.seaweed import Seaweed
from tests.system.mill import FLUX, WANX, Mill

pytestmark = pytest.mark.system
ROWS = 60


def test_a_fleet_fills_a_bucket(tmp_path: Path, seaweed: Seaweed) -> None:
    with ExitStack() as stack:
        mill = Mill(tmp_path / "night", stack, seaweed)
        mill.start_workers(2)
        desk = mill.command_line
        desk.manifest("cups", ROWS)
        lines = [f"jugs-{i:03},{prompt_of('jugs', i)},flux-schnell,1" for i in range(ROWS)]
        cups = (desk.folder / "cups.csv").read_text()
        manifest = desk.write("night.csv", cups + "\n".join(lines) + "\n")

        ran = desk("submit", manifest, "--wait", "--json")

        assert ran.code == 0, ran.err
        batch = ran.document["batch"]
        assert ran.document["state"] == "finished"
        assert ran.document["succeeded"] == ran.document["images"] == 2 * ROWS
        assert f"{2 * ROWS}/{2 * ROWS} done" in ran.err
        results = mill.results(batch)
        assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
        assert {result.attempts for result in results.values()} == {1}
        mill.check_pictures(results)
        assert list(results) == [line.split(",")[0] for line in cups.splitlines()[1:]] + [
            line.split(",")[0] for line in lines
        ]

        assert set(mill.orders().values()) == {1}
        assert len(mill.orders()) == 2 * ROWS
        assert mill.simulator.ledger(limit="0")["throttled"] == {}
        mill.check_nothing_in_motion()
        lanes = {entry["lane"]: entry for entry in desk("lanes", "--json").documents}
        assert {lane: entry["submits"] for lane, entry in lanes.items()} == {
            f"{WANX}@default": ROWS,
            f"{FLUX}@default": ROWS,
        }
        check_results_command(desk, batch)


def check_results_command(desk: CommandLine, batch: str) -> None:
    """The table on stdout and in a file; quiet when nobody reads it to its end."""
    csv, lines = desk("results", batch), desk("results", "--json")
    written = desk("results", "--output", "table.csv")
    failed = desk("results", "--format", "failed")

    assert [ran.code for ran in (csv, lines, written, failed)] == [0, 0, 0, 0]
    assert csv.out.removeprefix("\ufeff").startswith("sku,prompt,model,n,status,")
    assert [document["id"] for document in lines.documents][:1] == ["cups-000"]
    assert len(lines.documents) == 2 * ROWS
    assert (written.out, failed.out) == ("table.csv\n", "")
    assert (desk.folder / "table.csv").read_bytes().decode() == csv.out
    assert "No row failed." in failed.err
    for arguments in (("results",), ("results", "--json"), ("status", "--json"), ("lanes",)):
        with desk.started(*arguments) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            said = process.stderr.read()
            assert process.wait(20) == 0
        assert said == b""
