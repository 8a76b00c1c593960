"""docs/templates.md and examples/night: what they show can be ordered."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from producer.batch_file import options_of, read_batch_file
from producer.matrix import LIMIT
from producer.sandbox import MOST_CHARACTERS
from producer.style_packs import StylePacks, packs_from
from schemas.batch_file import BatchFile
from schemas.catalogue import catalogue
from tests.cli.command import CommandLine
from tests.producer.worded import worded

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
NIGHT = ROOT / "examples" / "night" / "batch.toml"


def blocks(language: str, start: str = "") -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [block for block in found if block.startswith(start)]


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, {})


def test_the_template_makes_a_prompt() -> None:
    (template,) = blocks("jinja")
    table = "sku,name,colour,material,notes,surface\nA,mug,sage,clay,,\nB,jug,red,clay,old,grass\n"
    assert [job.prompt for job in worded(table, template)] == [
        "a sage clay mug, on an oak table",
        "a red clay jug old, on grass",
    ]


def test_the_packs_are_packs() -> None:
    (text,) = blocks("toml", "# packs.toml")
    packs = StylePacks(packs_from("packs.toml", tomllib.loads(text)), "studio")
    packs.check(catalogue())
    assert packs.packs["studio"].words == {"light": "softbox light"}


def test_the_batch_files_are_batch_files_and_one_of_them_says_everything(tmp_path: Path) -> None:
    (tmp_path / "packs.toml").write_text(blocks("toml", "# packs.toml")[0], encoding="utf-8")
    (tmp_path / "prompt.j2").write_text(blocks("jinja")[0], encoding="utf-8")
    said: set[str] = set()
    for block in blocks("toml", "# batch.toml"):
        path = tmp_path / "batch.toml"
        path.write_text(block, encoding="utf-8")
        file = read_batch_file(path)
        assert options_of(file, path)
        said |= file.model_fields_set
    unsaid = BatchFile.model_fields.keys() - said
    assert all(f"`{name}`" in PAGE for name in unsaid), unsaid


def test_the_limits_are_the_ones_there_are() -> None:
    assert f"{LIMIT:,}" in PAGE
    assert f"{MOST_CHARACTERS:,}" in PAGE


def test_the_example_shows_what_it_will_order(alone: CommandLine) -> None:
    ran = alone("validate", str(NIGHT), "--preview", "4", "--json")

    assert ran.code == 0, ran.err
    assert "products.csv: 4 rows x 2 angles x 2 backgrounds = 16 orders" in ran.err
    assert "16 orders, 16 images, at most 2.56 CNY at list price" in ran.err
    first = ran.documents[0]
    assert (first["id"], first["images"]) == (
        "MUG-101_front_oak",
        ["mug-MUG-101_front_oak_01"],
    )
    assert first["prompt"] == (
        "a sage stoneware mug with a hand-pulled handle, front view, on an oak table by a window,"
        " softbox light, studio product photograph"
    )
    assert len(ran.documents) == 4


@pytest.mark.system
@pytest.mark.timeout(120)
def test_the_example_becomes_pictures(alone: CommandLine) -> None:
    ran = alone("run", str(NIGHT), "--simulate", "--json", timeout_s=90)

    assert ran.code == 0, ran.err
    assert (ran.document["total"], ran.document["images"]) == (16, 16)
    images = alone.folder / "out" / "batches" / ran.document["batch"] / "images"
    names = {path.stem for path in images.glob("*.png")}
    assert {"mug-MUG-101_front_oak_01", "teapot-茶-104_three-quarter_white_01"} <= names
