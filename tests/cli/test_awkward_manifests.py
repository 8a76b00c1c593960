"""Spreadsheets as people really have them: each is ordered, or told precisely what to mend."""

from __future__ import annotations

import shutil
import tomllib
from typing import Any

import pytest

from tests.cli.command import CommandLine
from tests.manifests.written import FILES, FOLDER

INDEX: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "index.toml").read_text("utf-8"))
RUNS = [(name, run) for name, entry in INDEX.items() for run in entry["runs"]]


def test_every_spreadsheet_has_a_note_of_what_is_wrong() -> None:
    here = {path.name for path in FOLDER.iterdir() if path.name[0].isdigit()}
    assert here == set(INDEX) == set(FILES)
    assert all(len(entry["wrong"]) > 20 for entry in INDEX.values())


@pytest.mark.parametrize("name", FILES)
def test_no_editor_has_mended_it(name: str) -> None:
    assert (FOLDER / name).read_bytes() == FILES[name], "python -m tests.manifests.written"


@pytest.mark.parametrize(
    ("name", "run"), RUNS, ids=[" ".join((name, *run["options"])) for name, run in RUNS]
)
def test_it_is_ordered_or_says_what_to_mend(
    alone: CommandLine, name: str, run: dict[str, Any]
) -> None:
    shutil.copy(FOLDER / name, alone.folder)
    ran = alone("validate", name, *run["options"])

    printed = ran.out + ran.err
    assert ran.code == run["code"], printed
    assert [text for text in run["says"] if text not in printed] == [], printed
    assert [text for text in run.get("never", []) if text in printed] == [], printed
    assert bool(ran.out) == (ran.code == 0)


def test_nothing_but_what_is_wrong_is_said_to_a_program(alone: CommandLine) -> None:
    shutil.copy(FOLDER / "01-chinese-excel.csv", alone.folder)
    for option in ("--quiet", "--json"):
        ran = alone("validate", "01-chinese-excel.csv", option)
        assert (ran.code, ran.err) == (0, "")
