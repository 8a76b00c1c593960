from __future__ import annotations

from typing import Any

import pytest

from producer.checking import Bad, Good, RowChecker
from producer.row import Row
from schemas.finishing import Finishing
from tests.producer.manifests import check_cells, checker, job_of, reasons

WANX_SIZES = "1024*1024, 720*1280, 768*1152, 1280*720"


def test_a_row_becomes_a_job_in_the_providers_spelling() -> None:
    cells = {
        "SKU": " A/1 ",
        "prompt": " 一只猫 ",
        "model": "wanx-v1",
        "size": "1024x1024",
        "n": "2",
        "seed": "7",
        "style": "anime",
        "negative_prompt": "blur",
        "brand": " Acme ",
    }
    job = job_of(checker(account="night").check(Row(3, tuple(cells), cells)))
    assert job.model_dump() == {
        "version": 1,
        "id": "A/1",
        "line": 3,
        "lane": "dashscope:wanx-v1@night",
        "prompt": "一只猫",
        "negative_prompt": "blur",
        "n": 2,
        "parameters": {"size": "1024*1024", "seed": 7, "style": "<anime>"},
        "name": "A-1",
        "row": cells,
        "revision": 1,
        "finishing": Finishing().model_dump(),
        "again": None,
        "spent": 0,
    }


def test_what_a_row_leaves_empty_is_not_sent() -> None:
    job = job_of(check_cells("wanx-v1", size="", seed=" ", style=None, negative_prompt="", n=""))
    assert (job.parameters, job.negative_prompt, job.n) == ({}, None, 1)


@pytest.mark.parametrize("size", ["1024x1024", "1024*1024", "1024×1024", " 1024 X 1024 "])
def test_a_size_may_be_written_in_several_ways(size: str) -> None:
    assert job_of(check_cells("wanx-v1", size=size)).parameters == {"size": "1024*1024"}


def test_json_values_keep_their_types() -> None:
    checked = check_cells(
        "flux-dev", id=17, seed=5, guidance=2.5, offload=True, tags=["a", {"b": 1}]
    )
    job = job_of(checked)
    assert job.parameters == {"seed": 5, "guidance": 2.5, "offload": True}
    assert job.id == "17"
    assert job.row["tags"] == ["a", {"b": 1}]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"id": ""}, "column id: must not be empty"),
        ({"id": None}, "column id: must not be empty"),
        ({"id": "x" * 10_240}, f'column id: "{"x" * 59}…" must have at most 128 characters; it has 10,240'),
        ({"id": "A\x07B"}, 'column id: "A\\x07B" must not contain control characters'),
        ({"id": "A\nB"}, 'column id: "A\\nB" must not contain control characters'),
        ({"id": ".."}, 'column id: ".." must not be only dots'),
        ({"id": 1.5}, 'column id: "1.5" must be a text or a whole number'),
        ({"id": True}, 'column id: "true" must be a text or a whole number'),
        ({"prompt": " \n "}, "column prompt: must not be empty"),
        ({"prompt": None}, "column prompt: must not be empty"),
        ({"prompt": 5}, 'column prompt: "5" must be a text'),
        ({"n": "0"}, 'column n: "0" must be a whole number from 1 to 4'),
        ({"n": "5"}, 'column n: "5" must be a whole number from 1 to 4'),
        ({"n": "two"}, 'column n: "two" must be a whole number from 1 to 4'),
        ({"n": "2.5"}, 'column n: "2.5" must be a whole number from 1 to 4'),
        ({"n": True}, 'column n: "true" must be a whole number from 1 to 4'),
        ({"n": 10**400}, 'must be a whole number from 1 to 4'),
        ({"seed": "2147483648"}, 'column seed: "2147483648" must be a whole number from 0 to '),
        ({"seed": "inf"}, 'column seed: "inf" must be a whole number from 0 to '),
        ({"seed": [1]}, 'column seed: "[1]" must be a whole number from 0 to '),
        ({"size": "1000x1000"}, f'column size: "1000x1000" must be one of {WANX_SIZES}'),
        ({"style": "anima"}, "did you mean anime?"),
        ({"steps": "4"}, 'column steps: "4" wanx-v1 has no parameter steps; it has: ref_img, ref_mode, ref_strength, seed, size, style'),
        ({"negative_prompt": 3}, 'column negative_prompt: "3" must be a text'),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_with_its_column_and_the_reason(
    cells: dict[str, Any], complaint: str
) -> None:
    (reason,) = reasons(check_cells("wanx-v1", **cells))
    assert reason.startswith("line 7, ")
    assert complaint in reason


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"n": "2"}, 'column n: "2" must be 1: flux-dev draws one image an order; write a row for each'),
        ({"negative_prompt": "blur"}, "column negative_prompt: flux-dev takes no negative prompt; leave the cell empty"),
        ({"style": "anime"}, 'column style: "anime" flux-dev has no parameter style; it has: add_sampling_metadata, guidance, offload, seed, size, steps'),
    ],
)  # fmt: skip
def test_what_a_model_does_not_take_is_refused(cells: dict[str, Any], complaint: str) -> None:
    assert reasons(check_cells("flux-dev", **cells)) == [f"line 7, {complaint}"]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        ({"model": "wanx-v2"}, 'column model: "wanx-v2" is no known model; did you mean wanx-v1?'),
        ({"model": "zzz"}, 'column model: "zzz" is no known model; `imagemill models` lists them'),
        ({"model": 5}, 'column model: "5" is no known model; `imagemill models` lists them'),
        ({"model": ""}, "column model: the row names no model; fill the cell or say --model NAME"),
        ({}, "line 7: the row names no model; fill the cell or say --model NAME"),
        ({"model": "wanx-v1", "provider": "dashscpe"}, 'column provider: "dashscpe" is no known provider; did you mean dashscope?'),
    ],
)  # fmt: skip
def test_an_unknown_model_is_answered_with_the_nearest(
    cells: dict[str, Any], complaint: str
) -> None:
    (reason,) = reasons(check_cells(**cells))
    assert complaint in reason


def test_all_problems_of_a_row_are_told_at_once() -> None:
    found = reasons(check_cells("wanx-v1", id="", prompt="", size="1x1", n="9", style="x", steps=1))
    assert sorted(reason.split(",")[1].split(":")[0] for reason in found) == [
        f" column {column}" for column in ("id", "n", "prompt", "size", "steps", "style")
    ]


def test_problems_are_told_even_without_a_model() -> None:
    assert len(reasons(check_cells(id="", prompt="", model="zzz"))) == 2


def test_a_provider_may_be_named() -> None:
    assert isinstance(check_cells(model="wanx-v1", provider=" dashscope "), Good)


def test_ids_take_one_spelling_and_may_be_any_script() -> None:
    assert job_of(check_cells("wanx-v1", id="Cafe\u0301")).id == "Café"
    assert job_of(check_cells("wanx-v1", id="商品　一")).id == "商品　一"
    assert job_of(check_cells("wanx-v1", id="x" * 128)).id == "x" * 128


def test_the_same_bad_value_is_refused_every_time() -> None:
    judge = checker("wanx-v1")
    cells = {"id": "1", "prompt": "cup", "style": "no such"}
    first, second = (judge.check(Row(line, tuple(cells), cells)) for line in (2, 3))
    assert len(reasons(first)) == len(reasons(second)) == 1


def test_true_is_never_taken_for_one() -> None:
    judge = checker("wanx-v1")
    for value, good in ((1, True), (True, False), ("1", True), (1.0, True)):
        cells = {"id": "1", "prompt": "cup", "n": value}
        assert isinstance(judge.check(Row(1, tuple(cells), cells)), Good) is good


def test_many_models_and_headers_do_not_pile_up() -> None:
    judge = checker("wanx-v1")
    for number in range(2500):
        cells = {"id": "1", "prompt": "cup", f"column {number}": "x"}
        assert isinstance(judge.check(Row(1, tuple(cells), cells)), Good)
    assert max(len(judge._shapes), plans_kept(judge)) <= 1000
    columns = ("id", "prompt", "model")
    for number in range(2500):
        cells = dict(zip(columns, ("1", "cup", f"nobody's {number}"), strict=True))
        assert isinstance(judge.check(Row(1, columns, cells)), Bad)
        assert plans_kept(judge) <= 1000


def plans_kept(judge: RowChecker) -> int:
    shapes = {id(shape.plans): shape for shape in (*judge._shapes.values(), judge._last[1])}
    return sum(len(shape.plans) for shape in shapes.values())


def cautions(model: str, **cells: str) -> list[str]:
    checked = check_cells(model, **cells)
    assert isinstance(checked, Good)
    return [str(caution) for caution in checked.cautions]


def test_a_prompt_the_provider_would_cut_is_a_warning() -> None:
    assert cautions("wanx-v1", prompt="猫" * 612) == [
        "line 7, prompt: 612 characters; wanx-v1 reads the first 500"
    ]
    assert cautions("wanx-v1", prompt="猫" * 500) == []
    assert cautions("wanx-v1", negative_prompt="x" * 501) == [
        "line 7, negative_prompt: 501 characters; wanx-v1 reads the first 500"
    ]


def test_some_models_count_words() -> None:
    assert cautions("stable-diffusion-xl", prompt="red " * 75) == []
    assert cautions("stable-diffusion-xl", prompt="red " * 90) == [
        "line 7, prompt: 90 words; stable-diffusion-xl reads the first 75"
    ]


def test_chinese_counts_by_the_character_and_is_not_read_by_all() -> None:
    assert cautions("stable-diffusion-xl", prompt="a cup " + "猫" * 80) == [
        "line 7, prompt: 82 words; stable-diffusion-xl reads the first 75",
        "line 7, prompt: contains Chinese; stable-diffusion-xl reads English only",
    ]
