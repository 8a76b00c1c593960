"""The example manifests can be handed in as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import CommandLine

EXAMPLES = Path(__file__).parents[2] / "examples"
MANIFESTS = sorted(path for path in EXAMPLES.iterdir() if path.suffix in (".csv", ".jsonl"))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_an_example_can_be_ordered(shared: CommandLine, manifest: Path) -> None:
    ran = shared("validate", str(manifest))
    assert ran.code == 0, ran.err
    assert "can be ordered" in ran.out + ran.err


def test_each_vendor_has_an_example() -> None:
    names = {path.name for path in MANIFESTS}
    assert {"dashscope.csv", "qianfan.csv", "stability.csv", "openai.jsonl"} <= names
