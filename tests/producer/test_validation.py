from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from producer.checking import Bad, Good
from producer.errors import ManifestError, ProducerError
from producer.invalid_rows import InvalidRows
from producer.problems_text import render_cautions, render_problems
from producer.retirement import retirement_notice
from producer.tally import Tally
from producer.validation import validate
from schemas.catalogue import catalogue
from tests.producer.manifests import checker, complaints, given, jobs, validated
from tests.producer.worded import judged


def tally_of(content: str, model: str = "wanx-v1") -> Tally:
    tally = Tally(catalogue())
    for checked in validated(content, model):
        tally.add(checked)
    return tally


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("name,prompt", "stdin: the manifest needs an id, sku or custom_id column; it has: name, prompt; or say --map id=COLUMN"),
        ("id,text", "stdin: the manifest needs a prompt column (prompt, 提示词, 文案, description); it has: id, text; or say --map prompt=COLUMN"),
        ("id,prompt", "stdin: the manifest has no model column; say --model NAME for all rows (`imagemill models` lists them)"),
        ("sku,row_id,prompt", "stdin: columns 'sku' and 'row_id' both mean id; rename or remove one, or say which it is: --map id=sku"),
    ],
)  # fmt: skip
def test_a_header_no_row_can_make_good_is_one_sentence(header: str, sentence: str) -> None:
    with pytest.raises(ManifestError) as caught:
        validated(header + "\nx,y\n")
    assert str(caught.value).startswith(sentence)


def test_json_lines_without_an_id_are_bad_one_by_one() -> None:
    assert complaints('{"id": 1, "prompt": "x"}\n{"prompt": "x"}\n{"id": 2}\n', "wanx-v1") == [
        "line 2: the row needs an id (or sku, custom_id)",
        "line 3, column prompt: must not be empty: wanx-v1 needs one,"
        " in a column prompt or 提示词 or 文案 or description",
    ]


def test_duplicates_name_both_lines() -> None:
    table = "sku,prompt\nA-1,cup\na-1,jug\nA-1,pot\nB 1,pan\nB/1,mug\n"
    assert complaints(table, "wanx-v1") == [
        'line 3, column sku: "a-1" would have the same file name as line 2',
        'line 4, column sku: "A-1" is the same id as line 2',
        'line 6, column sku: "B/1" would have the same file name as line 5',
    ]


def test_a_bad_row_still_holds_its_id() -> None:
    table = "sku,prompt\nA-1,\nA-1,\nB-1,pot\n"
    assert complaints(table, "wanx-v1") == [
        "line 2, column prompt: must not be empty",
        "line 3, column prompt: must not be empty",
        'line 3, column sku: "A-1" is the same id as line 2',
    ]


def test_the_good_rows_come_in_order_with_their_lines() -> None:
    found = jobs('sku,prompt\nA,"a\ncup"\n\nB,jug\n', "wanx-v1")
    assert [(job.id, job.line) for job in found] == [("A", 2), ("B", 5)]


def test_the_tally_counts_rows_images_and_money() -> None:
    tally = tally_of("id,prompt,model,n\n1,cup,,4\n2,jug,,\n3,pot,flux-dev,1\n4,,,\n5,pan,,2,,x\n")
    assert (tally.rows, tally.good, tally.bad, tally.problem_count) == (5, 3, 2, 2)
    assert tally.images == 6
    assert tally.lanes == {"dashscope:wanx-v1@default": 2, "dashscope:flux-dev@default": 1}
    assert tally.costs() == {"CNY": 5 * 160_000}


def test_the_tally_keeps_the_first_problems_and_counts_them_all() -> None:
    rows = "".join(f"{n},,\n" for n in range(1212))
    tally = tally_of("id,prompt,note\n" + rows)
    assert (len(tally.problems), tally.problem_count) == (1000, 1212)
    lines = render_problems(tally).splitlines()
    assert lines[0] == "line 2, column prompt: must not be empty"
    assert lines[-2:] == [
        "... and 212 more",
        "1,212 of 1,212 rows cannot be ordered; nothing was sent."
        " Correct the manifest and hand it in again.",
    ]


def test_the_summary_says_how_to_go_on() -> None:
    tally = tally_of("id,prompt\n1,\n2,jug\n3,pot\n")
    assert render_problems(tally).splitlines()[-1] == (
        "1 of 3 rows cannot be ordered; nothing was sent."
        " Correct the manifest, or say --skip-invalid to go on with the other 2."
    )
    assert render_problems(tally, skipped=True).splitlines()[-1] == (
        "1 of 3 rows cannot be ordered and was left out."
    )
    assert render_problems(tally_of("id,prompt\n1,cup\n")) == ""


def test_a_column_that_is_wrong_throughout_may_be_something_else() -> None:
    tally = tally_of("id,prompt,size,qty\n1,cup,XL,1\n2,jug,M,500\n3,pot,L,2\n")
    assert render_problems(tally).splitlines()[-2] == (
        "Column size is wrong in 3 of 3 rows: if it is not the size of the pictures, say --map size="
    )


def test_of_rows_that_a_matrix_makes_more_of_each_counts_once() -> None:
    tally = Tally(catalogue(), unit="order")
    table = "id,prompt,size\n1,cup,XL\n2,jug,M\n"
    for checked in judged(table, axes={"angle": ["front", "side", "top"]}):
        tally.add(checked)
    assert render_problems(tally).splitlines()[-2:] == [
        "Column size is wrong in 2 of 2 rows: if it is not the size of the pictures, say --map size=",
        "6 of 6 orders cannot be ordered; nothing was sent. Correct the manifest and hand it in again.",
    ]


def test_warnings_are_shown_without_the_prompt() -> None:
    rows = "".join(f"{n},{'secret ' * 100}\n" for n in range(112))
    tally = tally_of("id,prompt\n" + rows)
    lines = render_cautions(tally).splitlines()
    assert lines[0] == "warning: line 2, prompt: 699 characters; wanx-v1 reads the first 500"
    assert lines[-1] == "... and 12 more"
    assert "secret" not in render_cautions(tally)


def test_no_problem_ever_shows_a_whole_prompt_or_a_raw_control_character() -> None:
    value = "\x1b[31m" + "long " * 100
    tally = tally_of(json.dumps({"id": 1, "prompt": [value], "size": value, value: 1}))
    shown = render_problems(tally)
    assert "\x1b" not in shown
    assert all(len(line) < 250 for line in shown.splitlines())


def invalid_csv(path: Path, content: str) -> list[list[str]]:
    with given(content) as manifest, InvalidRows(path, lambda: manifest.columns) as invalid:
        for checked in validate(manifest, checker("wanx-v1")):
            if isinstance(checked, Bad):
                invalid.add(checked)
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_bad_rows_are_written_in_the_manifests_own_columns(tmp_path: Path) -> None:
    table = 'Brand;SKU;prompt\nx;1;cup\n"a;\nb";2; \ny;3;jug;z\n'
    assert invalid_csv(tmp_path / "invalid.csv", table) == [
        ["Brand", "SKU", "prompt"],
        ["a;\nb", "2", " "],
        ["y", "3", "jug", "z"],
    ]


def test_corrected_rows_can_be_handed_in_again(tmp_path: Path) -> None:
    path = tmp_path / "invalid.csv"
    invalid_csv(path, "SKU;prompt;n\n1;cup;2\n2;一只猫;9\n")
    corrected = path.read_bytes().replace(b",9", b",4")
    with given(corrected) as manifest:
        (checked,) = validate(manifest, checker("wanx-v1"))
    assert isinstance(checked, Good)
    assert (checked.job.id, checked.job.prompt, checked.job.n) == ("2", "一只猫", 4)


def test_bad_json_lines_are_written_with_all_keys_met(tmp_path: Path) -> None:
    content = (
        '{"id": 1, "prompt": null, "tags": ["a", "红"]}\n'
        '{"id": 2, "prompt": "cup"}\n{"id": }\n{"id": 3, "late": true}\n'
    )
    assert invalid_csv(tmp_path / "invalid.csv", content) == [
        ["id", "prompt", "tags", "late"],
        ["1", "", '["a", "红"]', ""],
        ['{"id": }'],
        ["3", "", "", "true"],
    ]


def test_without_a_bad_row_no_file_is_made(tmp_path: Path) -> None:
    with InvalidRows(tmp_path / "invalid.csv", lambda: ["id"]) as invalid:
        assert invalid.count == 0
    assert not list(tmp_path.iterdir())


def test_a_manifest_that_cannot_be_read_to_its_end_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="line 3: a quote is opened"):
        invalid_csv(tmp_path / "invalid.csv", 'id,prompt\n1,\n2,"cup\n')
    assert not list(tmp_path.iterdir())


def test_a_place_that_takes_no_file_is_one_sentence(tmp_path: Path) -> None:
    bad = next(c for c in validated("id,prompt\n1,\n", "wanx-v1") if isinstance(c, Bad))
    invalid = InvalidRows(tmp_path / "gone" / "invalid.csv", lambda: ["id"])
    invalid.add(bad)
    with pytest.raises(ProducerError, match=r"cannot be written to .*invalid\.csv: No such file"):
        invalid.close()


def test_a_retired_model_is_told_with_its_successor() -> None:
    model = catalogue().find("flux-schnell")
    assert retirement_notice(model, date(2026, 3, 30)) == (
        "flux-schnell was retired on 2026-03-30: its orders fail; z-image-turbo takes its place"
    )
    assert retirement_notice(model, date(2026, 3, 29)) == (
        "flux-schnell retires on 2026-03-30: orders fail from that day; z-image-turbo takes its place"
    )
    assert retirement_notice(catalogue().find("wanx-v1"), date(2026, 3, 30)) is None
