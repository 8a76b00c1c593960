"""docs/adding-a-provider.md, done word for word to a copy of the code."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from schemas.settings import load_settings
from tests.cli.command import CommandLine, python_path
from tests.http_server import QuietHandler, serving
from tests.system.conftest import end_embedded_server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-provider.md").read_text(encoding="utf-8")
PACKAGES = ("schemas", "ledger", "storage", "results", "worker", "producer", "simulator")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def patched(text: str, diff: str) -> str:
    """The text with the block's lines in place of those it shows as old."""
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(old) == 1, old
    return text.replace(old, new)


@dataclass
class Box:
    """A machine in the next room that draws what it is asked for."""

    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def box() -> Iterator[Box]:
    told: list[Box] = []

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server fixes the name
            order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told[0].heard.append({"path": self.path, **order})
            drawn = io.BytesIO()
            PIL.Image.new("RGB", (order["width"], order["height"]), "teal").save(drawn, "PNG")
            images = [base64.b64encode(drawn.getvalue()).decode()] * order["batch_size"]
            answer = json.dumps({"images": images, "parameters": order, "info": "{}"}).encode()
            self.answer(200, answer)

    with serving(Handler) as url:
        told.append(Box(url))
        yield told[0]


@pytest.fixture
def desk(tmp_path: Path, box: Box) -> Iterator[CommandLine]:
    """A machine whose imagemill has been changed as the page says."""
    code, folder = tmp_path / "code", tmp_path / "desk"
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, code / package, ignore=ignored)
    (client,) = blocks("python")
    (code / "worker" / "providers" / "webui.py").write_text(client, encoding="utf-8")
    for name in ("worker/providers/registry.py", "schemas/provider.py"):
        text = (code / name).read_text(encoding="utf-8")
        for diff in blocks(f"diff {name}"):
            text = patched(text, diff)
        (code / name).write_text(text, encoding="utf-8")
    folder.mkdir()
    (settings,) = blocks("toml imagemill.toml")
    changed = CommandLine(folder, {"PYTHONPATH": python_path(code)})
    changed.write("imagemill.toml", settings.replace("http://gpu-box.lan:7860", box.url))
    changed.write("order.csv", blocks("csv order.csv")[0])
    yield changed
    end_embedded_server(folder / "out" / ".imagemill")


@pytest.mark.system
@pytest.mark.timeout(150)  # starts a server and a worker
def test_a_provider_is_one_file_and_its_registration(desk: CommandLine, box: Box) -> None:
    for words in (line.split()[1:] for line in blocks("sh")[-1].splitlines()):
        ran = desk(*words)
        assert ran.code == 0, ran.err
    first, second = sorted(box.heard, key=lambda order: int(order["width"]))
    assert first == {
        "path": "/sdapi/v1/txt2img",
        "prompt": "a stoneware mug",
        "batch_size": 2,
        "width": 512,
        "height": 768,
        "steps": 28,
        "override_settings": {"sd_model_checkpoint": "sd_xl_base_1.0.safetensors"},
    }
    assert second["prompt"] == "a glass teapot"
    rows = [
        json.loads(line) for line in desk("results", "--format", "jsonl").out.strip().splitlines()
    ]
    sizes = [(image["width"], image["height"]) for row in rows for image in row["images"]]
    assert sizes == [(512, 768), (512, 768), (640, 640)]

    wrong = "sku,prompt,model,steps\nMUG-3,a mug,sdxl,151\n"
    refused = desk("validate", desk.write("wrong.csv", wrong))
    assert refused.code != 0
    assert "150" in refused.out + refused.err


def test_a_server_that_speaks_openai_needs_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "imagemill.toml"
    settings.write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(settings))
    read = load_settings()
    model = read.known_models().find("qwen-image-local", "openai")
    assert (model.wire_name, model.account) == ("Qwen/Qwen-Image", "box")
    assert model.price_micro_of({"quality": "high", "size": "2048x2048"}) == 0
    account = read.account("box", "openai")
    assert not account.needs_key
    assert account.base_url == "http://gpu-box.lan:8000/v1"
