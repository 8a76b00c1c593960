"""The first command of the README, as a newcomer runs it: no server, no key, no cost."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

from tests.cli.command import CommandLine
from tests.simulator.running import RunningSimulator

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
CATALOG = Path(__file__).parents[2] / "examples" / "catalog.csv"
IMAGES = 43


def test_the_demo_makes_a_catalogue_once(alone: CommandLine) -> None:
    run = ("run", str(CATALOG), "--simulate")
    alone = alone.with_variables(SIMULATOR_IMAGES="full")

    first = alone(*run, timeout_s=90)
    again = alone(*run, "--json", timeout_s=20)

    assert (first.code, first.out) == (0, ""), first.err
    assert "22 of 24 rows complete, 1 partial, 1 failed; 43 images for 5.76 CNY." in first.err
    (batch,) = (alone.folder / "out" / "batches").iterdir()
    for name in ("results.csv", "results.jsonl", "failed.csv", "index.html"):
        assert f"{batch.relative_to(alone.folder)}/{name}" in first.err
    check_tables(batch)
    check_pictures(batch, [json.loads(line) for line in lines_of(batch / "results.jsonl")])
    assert charged(alone.folder) == IMAGES

    assert again.code == 0
    assert "was handed in before; nothing is ordered twice" in again.err
    status = again.document
    assert status["batch"] == batch.name
    assert (status["succeeded"], status["partial"], status["failed"]) == (22, 1, 1)
    assert charged(alone.folder) == IMAGES


def test_a_rehearsal_has_a_server_of_its_own(alone: CommandLine) -> None:
    """Workers that share the other server know no simulator, and would stop its lanes."""
    elsewhere = alone.with_variables(IMAGEMILL_REDIS_URL="redis://127.0.0.1:1/0")
    orders = str(CATALOG.with_suffix(".jsonl"))

    ran = elsewhere("run", orders, "--simulate", timeout_s=60)

    assert ran.code == 0, ran.err
    assert "unset IMAGEMILL_REDIS_URL" in ran.err
    assert alone("status", "--json").document["succeeded"] == 3


def check_tables(batch: Path) -> None:
    asked = list(csv.DictReader(io.StringIO(CATALOG.read_text(encoding="utf-8-sig"))))
    raw = (batch / "results.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    answered = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))

    columns = list(asked[0])
    assert list(answered[0])[: len(columns)] == columns
    assert [{name: row[name] for name in columns} for row in answered] == asked
    assert Counter(row["status"] for row in answered) == {
        "succeeded": 22,
        "partial": 1,
        "failed": 1,
    }
    again = list(csv.DictReader(io.StringIO((batch / "failed.csv").read_text("utf-8-sig"))))
    assert {row["sku"] for row in again} == {"FA-2005", "TY-3003"}
    assert set(columns) <= set(again[0])
    page = (batch / "index.html").read_text(encoding="utf-8")
    assert all(row["sku"] in page for row in asked)
    assert "http://" not in page.replace("http://www.w3.org", "")


def check_pictures(batch: Path, results: list[dict[str, Any]]) -> None:
    """Each image of the table is there, as described, with a sidecar; and there are no others."""
    root = batch.parents[1]
    images = [(result, image) for result in results for image in result["images"]]
    assert len(images) == IMAGES
    for result, image in images:
        path = root / image["key"]
        data = path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == image["sha256"]
        with Pictures.open(io.BytesIO(data)) as picture:
            assert picture.size == (image["width"], image["height"])
        sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert sidecar["job"] == result["id"]
        assert sidecar["prompt"] == result["row"]["prompt"]
        if result["row"]["size"]:
            ordered = result["row"]["size"].replace("x", "*").replace("×", "*")
            assert ordered == f"{image['width']}*{image['height']}"
    named = {Path(image["key"]).name for _, image in images}
    assert {path.name for path in (batch / "images").glob("*.png")} == named


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def charged(folder: Path) -> int:
    """Images the provider charged, by its own books, which are read from a copy."""
    copy = folder / "copy.journal"
    shutil.copy(folder / "out" / ".imagemill" / "simulator.journal", copy)
    simulator = RunningSimulator("--journal", str(copy))
    try:
        count: int = simulator.ledger(limit="0")["totals"]["images_charged"]
    finally:
        simulator.stop()
    return count
