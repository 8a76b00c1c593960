"""The way of a program that knows OpenAI's Batch API: lines in, files out, joined by custom_id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import CommandLine
from tests.system.conftest import end_embedded_server

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]


@pytest.fixture
def mill(alone: CommandLine) -> Iterator[CommandLine]:
    yield alone
    end_embedded_server(alone.folder / "out" / ".imagemill")


def joined(path: Path) -> dict[str, Any]:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {line["custom_id"]: line for line in lines}


def test_a_batch_is_handed_out_as_openai_would(mill: CommandLine) -> None:
    rows = ["sku,prompt,model", "good,a stoneware mug,wanx-v1", "bad,a toy pistol,wanx-v1"]
    manifest = mill.write("shop.csv", "\n".join(rows) + "\n")
    mill("run", manifest, "--simulate", "--batch", "shop")

    ran = mill("results", "shop", "--format", "openai", "-o", "handed/out")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == ["handed/out/shop.output.jsonl", "handed/out/shop.errors.jsonl"]
    output, errors = (joined(mill.folder / name) for name in ran.out.splitlines())
    (picture,) = output["good"]["response"]["body"]["data"]
    assert Path(picture["url"]).read_bytes().startswith(b"\x89PNG")
    assert errors["bad"]["error"]["code"] == "DataInspectionFailed"

    told = mill("results", "shop", "--format", "openai", "--json").document
    assert told == {"files": ["shop.output.jsonl", "shop.errors.jsonl"]}


def test_a_table_is_not_written_over_a_folder(mill: CommandLine) -> None:
    (mill.folder / "tables").mkdir()
    ran = mill("results", "shop", "-o", "tables")
    assert ran.code == 2
    assert "tables is a folder" in ran.err
