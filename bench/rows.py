"""Writes manifests to measure with."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

PROMPT = (
    "A hand-thrown stoneware mug number {number} in sage green on a pale oak table,"
    " soft morning window light, product photograph"
)
"""As long as a merchant's usual prompt; no two rows are alike."""


def prompts(count: int) -> Iterator[str]:
    """Different prompts."""
    for number in range(1, count + 1):
        yield PROMPT.format(number=number)


def write_manifest(path: Path, count: int) -> None:
    """A CSV with the columns of the examples, one picture a row."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["sku", "product_name", "prompt", "model", "size", "style", "n"])
        for number, prompt in enumerate(prompts(count), 1):
            name = f"Stoneware mug {number}"
            writer.writerow(
                [f"HW-{number:06}", name, prompt, "wanx-v1", "1024x1024", "photography", 1]
            )
