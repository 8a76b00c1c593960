"""The guides walk through one evening: what they type was typed, and what they show was said."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.command import CommandLine
from tests.docs.evening import SCRIPT, evening
from tests.system.conftest import end_embedded_server

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ("guide.md", "guide.zh.md")
LEFT_OUT = "..."
"""Alone: lines that a guide does not show. At a line's end: its rest."""
MOST_PICTURES_BYTES = 600_000


class Typed(NamedTuple):
    """A command, and the lines it said."""

    command: str
    lines: list[str]


def typed(text: str) -> list[Typed]:
    """The commands of a transcript."""
    found: list[Typed] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(Typed(line.removeprefix("$ "), []))
        elif found:
            found[-1].lines.append(line.rstrip())
    return found


def blocks(guide: str, language: str) -> list[str]:
    """The blocks of a guide in that language."""
    text = (DOCS / guide).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def shown(guide: str) -> list[Typed]:
    """The commands of a guide, with what it shows of their answers."""
    return typed("".join(blocks(guide, "console")))


def unsaid(expected: list[str], said: Iterator[str]) -> list[str]:
    """The lines that were not said, in that order."""
    wanted = [line for line in expected if line and line != LEFT_OUT]
    return [line for line in wanted if not any(_is(line, other) for other in said)]


def _is(line: str, said: str) -> bool:
    if line.endswith(LEFT_OUT):
        return said.startswith(line.removesuffix(LEFT_OUT))
    return said == line


def test_both_guides_type_the_same() -> None:
    english, chinese = map(shown, GUIDES)
    assert [each.command for each in english] == [each.command for each in chinese]
    assert english


@pytest.mark.system
@pytest.mark.timeout(300)  # thirteen commands, three of which start a server and a worker
def test_the_evening_is_as_the_guides_tell_it(tmp_path: Path) -> None:
    folder = tmp_path / "evening"
    try:
        ran = subprocess.run(
            [sys.executable, str(SCRIPT), str(folder)],
            cwd=tmp_path,
            env=CommandLine(tmp_path, {}).environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        end_embedded_server(folder / "out" / ".imagemill")
    assert ran.returncode == 0, ran.stdout + ran.stderr

    transcript = typed(ran.stdout)
    for guide in GUIDES:
        rest = iter(transcript)
        for each in shown(guide):
            found = next((other for other in rest if other.command == each.command), None)
            assert found is not None, f"{guide}: not typed, or not in this order: {each.command}"
            missing = unsaid(each.lines, iter(found.lines))
            assert missing == [], f"{guide}: {each.command} said\n" + "\n".join(found.lines)


def test_every_command_of_the_evening_is_in_the_guides() -> None:
    """What a script does and no guide tells would be done for nobody."""
    text = SCRIPT.read_text(encoding="utf-8")
    commands = set(re.findall(r'"imagemill (\w+)', text))
    assert commands == {each.command.split()[1] for each in shown(GUIDES[0])}


@pytest.mark.parametrize("guide", GUIDES)
def test_the_table_of_a_guide_is_the_one_that_is_handed_in(guide: str) -> None:
    script = evening()
    table = (script.ORDER / script.TABLE).read_bytes().decode("gb18030").splitlines()
    rows = [row for row in csv.reader(table[3:]) if any(row)]
    lines = (DOCS / guide).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row for row in rows if row not in cells] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_the_batch_file_of_a_guide_is_the_one_that_is_handed_in(guide: str) -> None:
    (block,) = blocks(guide, "toml")
    handed_in = (evening().ORDER / "batch.toml").read_text(encoding="utf-8")
    assert tomllib.loads(block) == tomllib.loads(handed_in)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_review_of_a_guide_is_the_one_that_is_given(guide: str) -> None:
    (block,) = blocks(guide, "csv")
    script = evening()
    rows = list(csv.DictReader(block.splitlines()))
    assert rows
    for row in rows:
        mark = script.Mark(row["decision"], row["note"], row["prompt"])
        assert mark == script.FIRST_LOOK[row["id"]]


def test_the_guides_pictures_are_small_and_all_of_them_are_shown() -> None:
    pictures = list((DOCS / "pictures").glob("guide-*"))
    assert sum(path.stat().st_size for path in pictures) < MOST_PICTURES_BYTES
    pages = "".join((DOCS / guide).read_text(encoding="utf-8") for guide in GUIDES)
    assert [path.name for path in pictures if f"(pictures/{path.name})" not in pages] == []
