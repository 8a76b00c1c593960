"""OpenAI's batch lines, drawn by a server of one's own, and handed out as OpenAI's batch files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from producer.exit_codes import ExitCode
from tests.cli.command import CommandLine
from tests.http_server import QuietHandler, serving
from tests.system.conftest import end_embedded_server

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]

SETTINGS = """
[accounts.box]
provider = "openai"
base_url = "{url}/v1"

[models."openai:qwen-image-local"]
like = "gpt-image-2"
title = "Qwen-Image on the box in the next room"
wire_name = "Qwen/Qwen-Image"
price = "0"
price_tiers = []
rate = "50/s"
account = "box"
"""


@dataclass
class Box:
    """A server that speaks OpenAI's images API and serves its pictures itself, as LocalAI does."""

    url: str
    heard: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def box() -> Iterator[Box]:
    told: list[Box] = []
    drawn = io.BytesIO()
    PIL.Image.new("RGB", (512, 512), "teal").save(drawn, "PNG")

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server fixes the name
            order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told[0].heard.append((self.headers.get("Authorization"), order))
            if "pistol" in order["prompt"]:
                error = {"code": "content_policy_violation", "message": "no weapons", "type": "t"}
                self.answer(400, json.dumps({"error": error}).encode())
                return
            data = [{"url": f"{told[0].url}/files/{i}.png"} for i in range(order["n"])]
            self.answer(200, json.dumps({"created": 1, "data": data}).encode())

        def do_GET(self) -> None:  # noqa: N802 - likewise
            self.answer(200, drawn.getvalue())

    with serving(Handler) as url:
        told.append(Box(url))
        yield told[0]


@pytest.fixture
def mill(alone: CommandLine, box: Box) -> Iterator[CommandLine]:
    alone.write("imagemill.toml", SETTINGS.format(url=box.url))
    yield alone
    end_embedded_server(alone.folder / "out" / ".imagemill")


def line(custom_id: str, prompt: str, n: int) -> str:
    body = {"model": "qwen-image-local", "prompt": prompt, "n": n, "size": "1024x1024"}
    whole = {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/images/generations",
        "body": body,
    }
    return json.dumps(whole) + "\n"


def joined(path: Path) -> dict[str, Any]:
    lines = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    return {found["custom_id"]: found for found in lines}


def test_batch_lines_go_in_and_batch_files_come_out(mill: CommandLine, box: Box) -> None:
    lines = line("row-1", "a stoneware mug", 2) + line("row-2", "a toy pistol", 1)
    ran = mill("run", mill.write("batch.jsonl", lines), "--batch", "night")
    assert ran.code == ExitCode.SOME_FAILED, ran.err
    assert sorted(order["prompt"] for _, order in box.heard) == ["a stoneware mug", "a toy pistol"]
    assert {key for key, _ in box.heard} == {None}
    assert {order["model"] for _, order in box.heard} == {"Qwen/Qwen-Image"}

    assert mill("results", "night", "--format", "openai", "-o", "handed").code == 0
    output = joined(mill.folder / "handed" / "night.output.jsonl")
    errors = joined(mill.folder / "handed" / "night.errors.jsonl")
    assert list(output) == ["row-1"]
    pictures = output["row-1"]["response"]["body"]["data"]
    assert [Path(one["url"]).read_bytes()[:4] for one in pictures] == [b"\x89PNG"] * 2
    assert errors["row-2"]["error"] == {
        "code": "content_policy_violation",
        "message": "no weapons",
    }
