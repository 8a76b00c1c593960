"""Manifests that cannot be ordered: said at once, in plain words, with nothing sent and nothing left."""

from __future__ import annotations

import csv

import pytest

from tests.cli.command import CommandLine

HEADER = "sku,prompt,model,size,n,shelf\n"
BAD_ROWS = [
    ("A1,a red cup,wanx-v1,1024x1024,1,left", None),
    ("A2,a red cup,wanx-v2,,1,left", ("model", "wanx-v2", "did you mean wanx-v1?")),
    ("A3,a red cup,wanx-v1,999x999,1,left", ("size", "999x999", "1280*720")),
    ("A1,a red cup,wanx-v1,,1,left", ("sku", "A1", "line 2")),
    (",a red cup,wanx-v1,,1,left", ("sku", "", "must not be empty")),
    ("A6,,wanx-v1,,1,left", ("prompt", "", "must not be empty")),
    ("A7,a red cup,wanx-v1,,nine,left", ("n", "nine", "")),
    ("A8,a red cup,wanx-v1,,1,right", None),
]
"""Each row, and the column, value and reason that are to be named."""


def everything_left(alone: CommandLine) -> list[str]:
    return sorted(
        path.relative_to(alone.folder).as_posix()
        for path in alone.folder.rglob("*")
        if path.is_file() and "valkey" not in path.name
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "cyrillic.csv",
            "sku,prompt\nA1,чашка\n".encode("cp1251"),
            ("not UTF-8", "line 2", "--encoding"),
        ),
        ("empty.csv", b"", ("is empty",)),
        ("blank.csv", b"\n\n \n", ("is empty",)),
        ("header.csv", b"sku,prompt,model\n", ("no rows",)),
        ("no-id.csv", b"prompt,model\na cup,wanx-v1\n", ("id, sku",)),
        ("no-prompt.csv", b"sku,model\nA1,wanx-v1\n", ("wanx-v1 needs one, in a column prompt",)),
        ("no-model.csv", b"sku,prompt\nA1,a cup\n", ("no model column", "--model")),
        ("binary.csv", bytes(range(256)) * 4, ()),
        ("broken.jsonl", b'{"sku": "A1", \n', ("line 1",)),
        ("broken.csv.gz", b"\x1f\x8b and then nothing of the kind", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_manifest_says_why(
    alone: CommandLine, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    ran = alone("validate", alone.write(name, content))

    assert (ran.code, ran.out) == (3, ""), ran.err
    assert name in ran.err or "line " in ran.err
    assert all(word in ran.err for word in words), ran.err


def test_a_path_that_is_no_file_says_so(alone: CommandLine) -> None:
    missing, folder = alone("submit", "gone.csv"), alone("run", ".", "--simulate")

    assert (missing.code, folder.code) == (3, 3)
    assert "gone.csv does not exist" in missing.err
    assert "is a directory" in folder.err


def test_every_bad_row_is_named_at_once_and_nothing_is_sent_or_left(shared: CommandLine) -> None:
    manifest = shared.write("orders.csv", HEADER + "\n".join(row for row, _ in BAD_ROWS) + "\n")
    for command in ("validate", "submit", "run"):
        ran = shared(command, manifest, *(["--simulate"] if command == "run" else []))

        assert (ran.code, ran.out) == (3, "")
        for line, (_, named) in enumerate(BAD_ROWS, start=2):
            said = [text for text in ran.err.splitlines() if text.startswith(f"line {line},")]
            assert len(said) == (named is not None), ran.err
            if named is not None:
                column, value, reason = named
                assert f"column {column}:" in said[0]
                assert value in said[0]
                assert reason in said[0]
        assert "6 of 8 rows cannot be ordered; nothing was sent" in ran.err
        assert "--skip-invalid" in ran.err
    assert shared("batches", "--json").out == ""
    assert not [name for name in everything_left(shared) if "batches/" in name]


def test_skipped_rows_come_back_in_their_own_columns_and_the_others_go_on(
    shared: CommandLine,
) -> None:
    manifest = shared.write("orders.csv", HEADER + "\n".join(row for row, _ in BAD_ROWS) + "\n")
    ran = shared("submit", manifest, "--skip-invalid", "--json")

    assert ran.code == 0
    assert ran.document["total"] == 2
    assert "6 of 8 rows cannot be ordered and were left out." in ran.err
    assert "invalid.csv" in ran.err
    with (shared.folder / "invalid.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:6] == ["sku", "prompt", "model", "size", "n", "shelf"]
    assert [row["sku"] for row in rows] == ["A2", "A3", "A1", "", "A6", "A7"]
    assert all(row["shelf"] == "left" for row in rows)


def test_when_no_row_is_good_skipping_helps_nobody(alone: CommandLine) -> None:
    manifest = alone.write("orders.csv", HEADER + "A2,a red cup,wanx-v2,,1,left\n")
    ran = alone("submit", manifest, "--skip-invalid")

    assert ran.code == 3
    assert "none of the 1 rows" in ran.err or "line 2" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "colour=red"), ("colour", "no model has such a parameter")),
        (("--set", "sizes=1024x1024"), ("did you mean size?",)),
        (("--set", "n"), ("--set", "name=value")),
        (("--set", "n=900"), ("--set n", "900")),
        (("--model", "wanx-v9"), ("did you mean wanx-v1?",)),
        (("--batch", "a/b"), ("--batch", "letters, digits", "a-b")),
        (("--batch", "../up"), ("--batch",)),
    ],
    ids=lambda value: "=".join(value) if isinstance(value, tuple) else "",
)
def test_an_option_that_fits_no_row_is_a_usage_error(
    alone: CommandLine, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    ran = alone("submit", alone.manifest("good", 1), *arguments)

    assert (ran.code, ran.out) == (2, ""), ran.err
    assert all(word in ran.err for word in words), ran.err
    assert everything_left(alone) == ["good.csv"]
