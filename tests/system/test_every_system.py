"""Every system the catalogue knows, ordered from one manifest and run to its end."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pictures

from schemas.catalogue import catalogue
from tests.cli.command import CommandLine
from tests.system.test_demo import charged

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
EXAMPLES = Path(__file__).parents[2] / "examples"
EVERY_SYSTEM = EXAMPLES / "every-system.jsonl"


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in EVERY_SYSTEM.read_text(encoding="utf-8").splitlines()]


def test_the_example_has_a_row_for_every_model_of_the_catalogue() -> None:
    ordered = {row["model"] for row in rows()}
    plain = [model.name for model in catalogue()]
    expected = {
        model.name if plain.count(model.name) == 1 else f"{model.provider}:{model.name}"
        for model in catalogue()
    }
    assert ordered == expected


def test_every_system_ends_as_expected_and_is_paid_for_once(alone: CommandLine) -> None:
    ran = alone("run", str(EVERY_SYSTEM), "--simulate", timeout_s=150)
    assert ran.code == 0, ran.err

    (batch,) = (alone.folder / "out" / "batches").iterdir()
    results = [
        json.loads(line) for line in (batch / "results.jsonl").read_text("utf-8").splitlines()
    ]
    wrong = [
        (result["id"], result["state"], result["failures"])
        for result in results
        if result["state"] != result["row"]["expected"]
    ]
    assert wrong == []
    assert len(results) == len(rows())
    check_pictures(alone.folder / "out", results)
    check_charges(alone.folder, results)


def check_pictures(out: Path, results: list[dict[str, Any]]) -> None:
    """Every picture is there and is one; whoever draws none told something instead."""
    for result in results:
        for image in result["images"]:
            for part in (image, *image["beside"]):
                data = (out / part["key"]).read_bytes()
                if part["content_type"] != "image/svg+xml":
                    with Pictures.open(io.BytesIO(data)) as picture:
                        assert picture.size == (part["width"], part["height"])
        if result["state"] == "succeeded" and not result["images"]:
            assert result["facts"], result["id"]
    parts = Counter(p["part"] for r in results for i in r["images"] for p in i["beside"])
    assert {"svg", "overlay", "background"} <= set(parts)


def check_charges(folder: Path, results: list[dict[str, Any]]) -> None:
    """The simulator charged what the results say was drawn, and the training by the run."""
    trained = [result for result in results if "finetuned_output" in result["facts"]]
    assert len(trained) == 1
    assert charged(folder) == sum(len(result["images"]) for result in results) + len(trained)
