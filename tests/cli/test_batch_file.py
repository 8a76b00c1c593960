"""Templates, packs and matrices as somebody types them, and the batch file that says it all."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.command import CommandLine, Ran

TABLE = "sku,name,colour\nMUG-1,mug,sage\nJUG-2,jug,\n"
TEMPLATE = "a {{ colour|default('white') }} {{ name }}"
PACKS = '[studio]\nsuffix = ", on white"\nstyle = "photography"\n[dawn]\nsuffix = ", at dawn"\n'
BATCH = """
manifest = "table.csv"
model = "wanx-v1"
batch = "night"
style_pack = "studio"
style_packs_file = "packs.toml"
budget = "2CNY"
priority = "low"
[set]
n = 2
[template]
file = "prompt.j2"
[matrix]
angle = ["front", "side"]
[notify]
url_env = "HOOK"
"""
OPTIONS = ("--template", "prompt.j2", "--model", "wanx-v1")


@pytest.fixture
def desk(alone: CommandLine) -> CommandLine:
    alone.write("table.csv", TABLE)
    alone.write("prompt.j2", TEMPLATE)
    alone.write("packs.toml", PACKS)
    alone.write("batch.toml", BATCH)
    return alone


@pytest.fixture
def fleet(desk: CommandLine, shared: CommandLine) -> CommandLine:
    """The same desk, sharing a server."""
    return shared


def previews(ran: Ran) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    return ran.documents


def test_a_preview_shows_prompts_and_names(desk: CommandLine) -> None:
    ran = desk("validate", "table.csv", *OPTIONS, "--preview", "1", "--set", "n=2")

    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        "line 2: MUG-1, dashscope:wanx-v1@default",
        "    prompt:    a sage mug",
        "    images:    MUG-1_01.*, MUG-1_02.*",
        "table.csv can be ordered: 2 rows, 4 images, at most 0.64 CNY at list price.",
    ]


def test_a_preview_in_json_is_only_json(desk: CommandLine) -> None:
    found = previews(desk("validate", "table.csv", *OPTIONS, "--preview", "9", "--json"))
    assert [(each["id"], each["prompt"]) for each in found] == [
        ("MUG-1", "a sage mug"),
        ("JUG-2", "a white jug"),
    ]


def test_a_batch_file_is_the_whole_order(desk: CommandLine) -> None:
    ran = desk("validate", "batch.toml", "--preview", "2", "--json")

    found = previews(ran)
    assert [(each["id"], each["prompt"], each["n"]) for each in found] == [
        ("MUG-1_front", "a sage mug, on white", 2),
        ("MUG-1_side", "a sage mug, on white", 2),
    ]
    assert found[0]["parameters"] == {"style": "<photography>"}
    assert "table.csv: 2 rows x 2 angles = 4 orders" in ran.err
    assert "4 orders, 8 images, at most 1.28 CNY at list price" in ran.err


def test_an_option_wins_over_the_file(desk: CommandLine) -> None:
    desk.write("other.j2", "{{ name }} from the {{ angle }}")
    options = (
        "--template",
        "other.j2",
        "--style-pack",
        "dawn",
        "--set",
        "n=1",
        "--matrix",
        "angle=top",
    )
    found = previews(desk("validate", "batch.toml", *options, "--preview", "9", "--json"))
    assert [(each["id"], each["prompt"], each["n"]) for each in found] == [
        ("MUG-1_top", "mug from the top, at dawn", 1),
        ("JUG-2_top", "jug from the top, at dawn", 1),
    ]


def test_paths_begin_where_the_file_is(desk: CommandLine) -> None:
    folder = desk.folder / "orders"
    folder.mkdir()
    for name in ("table.csv", "prompt.j2", "packs.toml", "batch.toml"):
        (desk.folder / name).rename(folder / name)
    assert len(previews(desk("validate", "orders/batch.toml", "--preview", "9", "--json"))) == 4


def test_a_batch_file_is_handed_in_with_all_it_says(fleet: CommandLine) -> None:
    first = fleet("submit", "batch.toml", "--json")
    again = fleet("submit", "batch.toml")

    assert first.code == 0, first.err
    status = first.document
    assert (status["batch"], status["total"], status["priority"]) == ("night", 4, "low")
    assert status["budgets"]["CNY"]["limit"] == "2.00"
    assert "handed in before" in again.err
    document = json.loads((fleet.folder / "out/batches/night/batch.json").read_text("utf-8"))
    assert document["recipe"]["template"] == "prompt.j2"
    assert document["recipe"]["matrix"] == {"angle": {"front": "front", "side": "side"}}
    assert list(document["recipe"]["style_packs"]) == ["studio"]
    assert document["notify"]["url_env"] == "HOOK"
    assert document["columns"] == ["sku", "name", "colour", "angle"]


def test_another_template_under_the_same_name_is_refused(fleet: CommandLine) -> None:
    assert fleet("submit", "batch.toml").code == 0
    fleet.write("prompt.j2", TEMPLATE + "!")
    ran = fleet("submit", "batch.toml")
    assert (ran.code, ran.out) == (2, "")
    assert "other options" in ran.err


def test_a_template_that_fails_names_row_line_and_columns(desk: CommandLine) -> None:
    desk.write("prompt.j2", "a {{ name }}\n{{ colour|int }} {{ nam }}")
    told = desk("validate", "table.csv", *OPTIONS)
    assert (told.code, told.out) == (3, "")
    assert told.err == (
        "table.csv: prompt.j2, line 2: there is no nam; did you mean name?"
        " There is: sku, name, colour\n"
    )
    desk.write("prompt.j2", "a {{ name }}\n{{ colour|int }}")
    told = desk("validate", "table.csv", *OPTIONS)
    assert told.code == 3
    assert told.err.splitlines()[:2] == [
        'line 2: prompt.j2, line 2: "sage" is no whole number',
        'line 3: prompt.j2, line 2: "" is no whole number',
    ]


def test_how_it_is_read_drawn_and_finished_stands_in_the_file_too(fleet: CommandLine) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("秋季").append(["款式", "画面"])
    book["秋季"].append(["MUG-1", "一只马克杯"])
    book.save(fleet.folder / "table.xlsx")
    fleet.write(
        "batch.toml",
        'manifest = "table.xlsx"\nsheet = 2\nbatch = "night"\nmodel = "wanx-v1"\nfresh = true\nrevision = 3\n'
        'label = "tc260"\ngate = "reroll"\nrerolls = 2\n[map]\nid = "款式"\nprompt = "画面"\n',
    )
    assert fleet("submit", "batch.toml", "--label", "iptc").code == 0

    document = json.loads((fleet.folder / "out/batches/night/batch.json").read_text("utf-8"))
    assert (document["fresh"], document["revision"]) == (True, 3)
    assert (document["finishing"]["label"], document["finishing"]["gate"]["rerolls"]) == ("iptc", 2)
    assert document["reading"]["sheet"] == "秋季"
    assert document["reading"]["columns"] == {"id": "款式", "prompt": "画面"}


def test_a_default_for_a_column_nobody_has_is_warned_of(desk: CommandLine) -> None:
    desk.write("prompt.j2", "a {{ color|default('white') }} {{ name }}")
    told = desk("validate", "table.csv", *OPTIONS)
    assert told.code == 0
    assert "warning: prompt.j2, line 1: what stands for color holds for all rows:" in told.err
    assert "did you mean colour?" in told.err


def test_too_many_orders_are_refused_with_the_number_to_say(desk: CommandLine) -> None:
    rows = "".join(f"A-{n},mug,red\n" for n in range(2600))
    desk.write("table.csv", "sku,name,colour\n" + rows)
    values = "angle=a,b,c,d"
    refused = desk("validate", "table.csv", *OPTIONS, "--matrix", values)
    assert (refused.code, refused.out) == (2, "")
    assert "2,600 rows x 4 angles = 10,400 orders" in refused.err
    assert "--matrix-limit 10400" in refused.err
    meant = desk("validate", "table.csv", *OPTIONS, "--matrix", values, "--matrix-limit", "10400")
    assert meant.code == 0, meant.err
    assert "10,400 orders" in meant.out


def test_orders_left_out_come_back_and_are_the_same_when_corrected(desk: CommandLine) -> None:
    options = (*OPTIONS, "--matrix", "size=1024*1024,9x9", "--matrix", "angle=front,side")
    left = desk("validate", "table.csv", *options, "--skip-invalid", "--preview", "9", "--json")
    assert {each["id"] for each in previews(left)} == {
        f"{sku}_1024-1024_{angle}" for sku in ("MUG-1", "JUG-2") for angle in ("front", "side")
    }
    assert "4 of 8 orders cannot be ordered and were left out." in left.err
    path = desk.folder / "invalid.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sku"] for row in rows][:2] == ["MUG-1_9x9_front", "MUG-1_9x9_side"]
    path.write_text(path.read_text("utf-8-sig").replace("9x9,", "720*1280,"), encoding="utf-8")

    again = previews(desk("validate", "invalid.csv", *options, "--preview", "9", "--json"))
    assert [each["id"] for each in again] == [
        f"{sku}_9x9_{angle}" for sku in ("MUG-1", "JUG-2") for angle in ("front", "side")
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--template", "gone.j2"), 3, ("the template gone.j2 cannot be read",)),
        (("--style-packs", "gone.toml"), 3, ("gone.toml cannot be read",)),
        (("--style-pack", "studio"), 2, ("--style-pack", "--style-packs FILE")),
        (("--style-packs", "packs.toml", "--style-pack", "studo"), 2, ("did you mean studio?",)),
        (("--matrix", "angle"), 2, ("--matrix", "COLUMN=A,B")),
        (("--matrix", "angle=,"), 2, ("COLUMN=A,B",)),
        (("--matrix", "angle=a", "--matrix", "Angle=b"), 2, ("given twice",)),
        (("--matrix", "sku=a,b"), 2, ("an id is a row's own",)),
        (("--name", "{{ brand }}"), 3, ("--name, line 1: there is no brand",)),
        (("--set", "style_pack=studio"), 2, ("say --style-pack NAME",)),
        (("--preview", "0"), 2, ("--preview",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_an_option_that_makes_no_sense_says_so(
    desk: CommandLine, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    ran = desk("validate", "table.csv", "--model", "wanx-v1", "--set", "prompt=a mug", *arguments)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert all(word in ran.err for word in words), ran.err


def test_a_wrong_batch_file_is_one_sentence_a_key(desk: CommandLine) -> None:
    desk.write("batch.toml", 'manifst = "table.csv"\n[set]\nsizes = "1x1"\n')
    ran = desk("submit", "batch.toml")
    assert (ran.code, ran.out) == (3, "")
    assert sorted(ran.err.splitlines()) == [
        "batch.toml: manifest is missing",
        "batch.toml: manifst: there is no such key; did you mean manifest?",
    ]
    desk.write("batch.toml", 'manifest = "table.csv"\nmodel = "wanx-v1"\n[set]\nsizes = "1x1"\n')
    ran = desk("run", "batch.toml", "--simulate")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "[set] sizes: no model has such a parameter; did you mean size?\n"
    assert not Path(desk.folder / "out").exists()
