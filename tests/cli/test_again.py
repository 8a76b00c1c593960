"""What a person does when something went wrong, on one machine, from the first command to the last."""

from __future__ import annotations

import csv
import io
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import CommandLine
from tests.system.conftest import end_embedded_server
from tests.waiting import wait_until

# Each command starts a server and a worker, which takes busy machines seconds.
pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]
SHOP = """商品编码,提示词,model,尺寸,数量,seed,code,备注
杯-1,a stoneware mug,wanx-v1,1024x1024,1,7,K1,=首页
枪-2,an orange toy pistol,wanx-v1,1280*720,2,8,K2,"甲,乙"
泳-3,a striped swimsuit,wanx-v1,,3,,K3,
"""


@pytest.fixture
def mill(alone: CommandLine) -> Iterator[CommandLine]:
    yield alone
    end_embedded_server(alone.folder / "out" / ".imagemill")


def table(command_line: CommandLine, batch: str, name: str) -> list[dict[str, str]]:
    path = command_line.folder / "out" / "batches" / batch / name
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_refused_rows_are_run_again_topped_up_and_corrected(mill: CommandLine) -> None:
    manifest = mill.write("shop.csv", SHOP)
    assert mill("run", manifest, "--simulate", "--batch", "shop").code == 0
    first = table(mill, "shop", "results.csv")
    assert [row["status"] for row in first] == ["succeeded", "failed", "partial"]

    asked = mill("retry", "--dry-run", "--json").document
    assert (asked["round"], asked["jobs"], asked["images"]) == (None, 2, 3)
    assert asked["at_most_cost"] == {"CNY": "0.48"}
    ran = mill("retry", "shop", "--json")
    assert ran.code == 0, ran.err
    report = ran.document
    assert report["by_state"] == {"failed": 1, "partial": 1}
    assert report["status"]["state"] == "finished"
    again = table(mill, "shop", "results.csv")
    assert [row["status"] for row in again] == ["succeeded", "failed", "partial"]
    assert [row["attempts"] for row in again] == ["1", "2", "2"]
    assert again[0] == first[0]
    # The simulator withholds the last picture of every order, so that the missing one stays away.
    assert len(again[2]["images"].split(" | ")) == 2

    failed = table(mill, "shop", "failed.csv")
    assert [row["商品编码"] for row in failed] == ["枪-2", "泳-3"]
    assert [row["code"] for row in failed] == ["K2", "K3"]
    path = mill.folder / "out" / "batches" / "shop" / "failed.csv"
    text = path.read_text("utf-8-sig").replace("toy pistol", "toy car").replace("swimsuit", "shirt")
    corrected = mill("run", mill.write("failed.csv", text), "--simulate", "--batch", "rest")
    assert corrected.code == 0, corrected.err
    assert "columns of an earlier failed.csv, left out" in corrected.err
    rest = table(mill, "rest", "results.csv")
    assert [row["status"] for row in rest] == ["succeeded"] * 2
    assert list(rest[0]) == list(first[0])
    owned = list(csv.DictReader(io.StringIO(SHOP)))[1:]
    own = [{name: row[name] for name in owned[0] if name != "提示词"} for row in rest]
    expected = [{name: row[name] for name in owned[0] if name != "提示词"} for row in owned]
    assert own == expected
    assert not (mill.folder / "out" / "batches" / "rest" / "failed.csv").exists()


def test_a_run_is_cancelled_from_elsewhere_and_its_rows_ordered_after_all(
    mill: CommandLine,
) -> None:
    manifest = mill.manifest("cups", 16)
    with mill.started("run", manifest, "--simulate", "--batch", "cups", "--json") as running:
        wait_until(lambda: _has_pictures(mill.folder, "cups"), 30, "the first picture")
        said = mill("cancel", "cups")
        assert said.code == 0
        assert "withdrawn" in said.err
        running.communicate(timeout=30)
    assert running.returncode == 10

    cancelled = mill("status", "--json").document
    assert (cancelled["state"], cancelled["pending"]) == ("finished", 0)
    assert cancelled["cancelled"] >= 1
    assert cancelled["succeeded"] + cancelled["cancelled"] == 16
    assert "Nothing" not in mill("cancel", "cups").err

    assert mill("retry").err.startswith("No row is meant by that")
    ran = mill("retry", "--cancelled", "--json")
    assert (ran.code, ran.document["jobs"]) == (0, cancelled["cancelled"])
    rows = table(mill, "cups", "results.csv")
    assert Counter(row["status"] for row in rows) == {"succeeded": 16}
    # One that was refused for now before it was withdrawn was asked for twice, and drawn once.
    assert {row["attempts"] for row in rows} <= {"1", "2"}


def test_an_interrupted_run_is_withdrawn_without_ordering_another_row(mill: CommandLine) -> None:
    manifest = mill.manifest("jugs", 12)
    with mill.started("run", manifest, "--simulate", "--batch", "jugs") as running:
        wait_until(lambda: _has_pictures(mill.folder, "jugs"), 30, "the first picture")
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=25)
    before = mill("status", "--json").document

    ran = mill("cancel", "jugs", "--json")

    assert ran.code == 10, ran.err
    assert ran.document["state"] == "finished"
    assert ran.document["cancelled"] == before["pending"] + before["released"]


def test_a_batch_parks_at_its_budget_and_goes_on_when_it_is_raised(mill: CommandLine) -> None:
    manifest = mill.manifest("pots", 6)
    parked = mill("run", manifest, "--simulate", "--batch", "pots", "--budget", "0.50CNY")
    assert parked.code == 6
    assert "0.48 of 0.50 CNY spent" in parked.err
    assert "3 rows wait, unpaid" in parked.err
    assert "parked: budget" in mill("batches").out
    assert mill("resume", "pots").code == 6

    ran = mill("resume", "pots", "--budget", "0.96CNY", "--json")

    assert ran.code == 0, ran.err
    assert (ran.document["succeeded"], ran.document["cost"]) == (6, "0.96")
    assert ran.document["budgets"]["CNY"]["spent"] == "0.96"


def _has_pictures(folder: Path, batch: str) -> bool:
    return any((folder / "out" / "batches" / batch / "images").glob("*.png"))
