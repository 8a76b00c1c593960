"""Writes manifests to measure with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

PROMPT = (
    "A hand-thrown stoneware {thing} number {number} in sage green on a pale oak table,"
    " soft morning window light, product photograph"
)
"""As long as a merchant's usual prompt; no two rows are alike."""


def prompts(count: int, thing: str = "mug") -> Iterator[str]:
    """Different prompts."""
    for number in range(1, count + 1):
        yield PROMPT.format(thing=thing, number=number)


def write_manifest(path: Path, count: int, thing: str = "mug") -> None:
    """The columns of the examples, one picture a row; CSV, or JSONL where the name says so."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix == ".jsonl":
            stream.writelines(f"{json.dumps(row)}\n" for row in _rows(count, thing))
            return
        writer = csv.writer(stream)
        writer.writerow(["sku", "product_name", "prompt", "model", "size", "style", "n"])
        writer.writerows(row.values() for row in _rows(count, thing))


def _rows(count: int, thing: str) -> Iterator[dict[str, str | int]]:
    for number, prompt in enumerate(prompts(count, thing), 1):
        yield {
            "sku": f"HW-{number:06}",
            "product_name": f"Stoneware {thing} {number}",
            "prompt": prompt,
            "model": "wanx-v1",
            "size": "1024x1024",
            "style": "photography",
            "n": 1,
        }
