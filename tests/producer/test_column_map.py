"""`--map prompt=文案`: which column holds a field, said by whoever knows."""

from __future__ import annotations

import pytest

from producer.checking import Bad
from producer.column_map import check_columns, column_map
from producer.errors import ManifestError, OptionError
from producer.validation import validate
from schemas.catalogue import catalogue
from tests.producer.manifests import checker, given, job_of


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], {}),
        (["prompt=文案"], {"prompt": "文案"}),
        ([" Prompt = 文案 ", "商品编码=货号 X"], {"prompt": "文案", "id": "货号 X"}),
        (["size=a=b"], {"size": "a=b"}),
        (["n=", "size="], {"n": "", "size": ""}),
        (["ref_img=图"], {"ref_img": "图"}),
    ],
)
def test_a_field_and_its_column_are_told_apart(texts: list[str], said: dict[str, str]) -> None:
    assert column_map(texts, catalogue()) == said


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["prompt"], "--map prompt has no column; write --map prompt=文案, the field first"),
        (["=文案"], "--map =文案 has no column"),
        (["promt=文案"], "--map promt: there is no such field; did you mean prompt?"),
        (["画面=prompt"], "--map 画面: there is no such field; did you mean --map prompt=画面?"),
        (["xyz=y"], "--map xyz: there is no such field; `imagemill models NAME` shows those"),
        (["id="], "--map id: every row needs an id; name the column that has it"),
        (["prompt=a", "提示词=b"], "--map prompt is said twice; one column is the prompt"),
        (["prompt=a", "id=A"], "--map id=A: another --map has that column already"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(texts: list[str], sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        column_map(texts, catalogue())
    assert str(caught.value).startswith(sentence)
    assert caught.value.exit_code == 2


def test_a_batch_file_says_it_too_and_what_is_typed_wins() -> None:
    table = {"Prompt": " 文案 ", "n": "", "商品编码": "货号"}
    known = catalogue()
    assert column_map([], known, table) == {"prompt": "文案", "n": "", "id": "货号"}
    typed = column_map(["提示词=画面", "size=货号"], known, table)
    assert typed == {"prompt": "画面", "size": "货号", "n": ""}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"promt": "文案"}, "[map] promt: there is no such field; did you mean prompt?"),
        ({"画面": "prompt"}, "[map] 画面: there is no such field; did you mean [map] prompt=画面?"),
        ({"id": " "}, "[map] id: every row needs an id"),
        ({"prompt": "a", "提示词": "b"}, "[map] prompt is said twice"),
        ({"prompt": "a", "id": "A"}, "[map] id: another [map] has that column already"),
    ],
)
def test_what_a_batch_file_cannot_mean_is_said_of_it(table: dict[str, str], sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        column_map([], catalogue(), table)
    assert str(caught.value).startswith(sentence)


def test_a_column_that_is_not_there_is_answered_with_those_that_are() -> None:
    check_columns({"prompt": "画面 描述", "n": ""}, ["画面_描述", "货号"])
    with pytest.raises(ManifestError) as caught:
        check_columns({"prompt": "画面"}, ["画面描述", "货号"])
    assert str(caught.value) == "--map prompt=画面: there is no such column; did you mean 画面描述?"
    with pytest.raises(ManifestError) as caught:
        check_columns({"id": "x"}, ["画面描述", "货号"])
    assert str(caught.value) == "--map id=x: there is no such column; it has: 画面描述, 货号"


def test_what_is_said_is_what_is_ordered_and_named_in_complaints() -> None:
    content = "编码X,画面,尺寸,数量\nA1,a cup,XL,500\nA2,,L,7\n"
    said = {"id": "编码X", "prompt": "画面", "size": "", "n": ""}
    with given(content) as manifest:
        good, bad = validate(manifest, checker("wanx-v1", said=said))
    job = job_of(good)
    assert (job.id, job.prompt, job.n, job.parameters) == ("A1", "a cup", 1, {})
    assert job.row == {"编码X": "A1", "画面": "a cup", "尺寸": "XL", "数量": "500"}
    assert isinstance(bad, Bad)
    assert [str(problem) for problem in bad.problems] == ["line 3, column 画面: must not be empty"]


def test_json_lines_may_lack_a_said_column_row_by_row() -> None:
    content = '{"k": 1, "t": "a cup"}\n{"k": 2}\n'
    with given(content) as manifest:
        good, bad = validate(manifest, checker("wanx-v1", said={"id": "k", "prompt": "t"}))
    assert job_of(good).prompt == "a cup"
    assert isinstance(bad, Bad)
    assert bad.id == "2"
