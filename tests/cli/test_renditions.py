"""Renditions from the command line to the file, in the order in which docs/renditions.md shows them."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest

from schemas.rendition import RenditionSpec
from tests.cli.command import CommandLine
from tests.results.metadata import MADE_BY_AI, told
from tests.system.conftest import end_embedded_server

PAGE = (Path(__file__).parents[2] / "docs" / "renditions.md").read_text(encoding="utf-8")
ROWS = "sku,prompt,model,size\nMUG-1,a blue mug,wanx-v1,720*1280\n灯-1,一盏灯,wanx-v1,\n"


def commands() -> list[list[str]]:
    """The words of each command of the page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


@pytest.fixture
def mill(alone: CommandLine) -> Iterator[CommandLine]:
    alone.write("catalog.csv", ROWS)
    yield alone
    end_embedded_server(alone.folder / "out" / ".imagemill")


def rows(mill: CommandLine, batch: str) -> list[dict[str, str]]:
    text = (mill.folder / "out" / "batches" / batch / "results.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.system
@pytest.mark.timeout(
    150
)  # each command starts a server and a worker, which takes busy machines seconds
def test_the_pages_commands_do_what_it_says(mill: CommandLine) -> None:
    first, later = commands()
    ran = mill(*first, "--simulate", "--batch", "autumn")
    assert ran.code == 0, ran.err
    keys = [row["renditions"].split(" | ") for row in rows(mill, "autumn")]
    assert keys[0] == [
        "batches/autumn/renditions/square-1600/MUG-1_01.jpg",
        "batches/autumn/renditions/web/MUG-1_01.webp",
    ]
    data = (mill.folder / "out" / keys[0][0]).read_bytes()
    with PIL.Image.open(io.BytesIO(data)) as image:
        assert (image.size, image.getpixel((0, 0))) == ((1600, 1600), (255, 255, 255))
    assert told(data)["DigitalSourceType"] == MADE_BY_AI
    assert "stands on white" in rows(mill, "autumn")[0]["remarks"]

    again = mill(*later, "--simulate")
    assert again.code == 0, again.err
    status = mill("status", "for-amazon", "--json").document
    assert (status["reused"], status["cost"]) == (2, "0.00")
    assert [row["renditions"] for row in rows(mill, "for-amazon")] == [
        "batches/for-amazon/renditions/amazon/MUG-1_01.jpg",
        "batches/for-amazon/renditions/amazon/灯-1_01.jpg",
    ]

    packed = mill("results", "for-amazon", "--json", "-o", "pictures.zip")
    assert packed.code == 0, packed.err
    with zipfile.ZipFile(mill.folder / "pictures.zip") as archive:
        assert set(archive.namelist()) >= {
            "images/MUG-1_01.png",
            "renditions/amazon/MUG-1_01.jpg",
        }
    assert json.loads(packed.out)["pictures"] == 2


def test_what_the_page_shows_is_understood() -> None:
    shown = re.findall(r"`((?:[^`\s=]+=)?(?:square|pad|fit|full)[-\w]*\.\w+)`", PAGE)
    assert len(shown) >= 6
    for text in shown:
        assert RenditionSpec.parse(text).text == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["square.jpg"], "--rendition 'square.jpg' says no size; say square-1600.jpg"),
        (["full.jpg", "full.jpeg"], "would be the same file"),
        (["none", "full.jpg"], "'none' is no rendition"),
    ],
)
def test_what_is_no_rendition_is_refused(alone: CommandLine, words: list[str], said: str) -> None:
    options = [part for word in words for part in ("--rendition", word)]
    ran = alone("validate", alone.manifest("cups", 1), *options)
    assert (ran.code, said in ran.err) == (2, True), ran.err
