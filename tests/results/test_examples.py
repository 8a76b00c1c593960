from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import catalogue

EXAMPLES = Path(__file__).parents[2] / "examples"


def rows() -> Iterator[dict[str, Any]]:
    with (EXAMPLES / "catalog.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, strict=True)
    text = (EXAMPLES / "catalog.jsonl").read_text(encoding="utf-8")
    yield from map(json.loads, text.splitlines())


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row["sku"])
def test_every_example_can_be_ordered(row: dict[str, Any]) -> None:
    model = catalogue().find(row["model"])
    length = len(row["prompt"].split() if model.prompt_unit == "words" else row["prompt"])

    assert 0 < length <= model.prompt_limit
    assert 1 <= int(row.get("n") or 1) <= model.max_n
    assert not row.get("negative_prompt") or model.negative_prompt_limit
    for name in ("size", "style", "seed"):
        if row.get(name):
            model.parameters[name].check(row[name])


def test_ids_are_unique() -> None:
    ids = [row["sku"] for row in rows()]

    assert len(ids) == len(set(ids)) == 27
