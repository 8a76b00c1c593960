"""One row, many orders: which, under which ids, and how many at most."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.errors import OptionError
from producer.matrix import LIMIT, axis_of, check_product
from producer.row import Broken, Row
from tests.producer.manifests import given as manifest_of
from tests.producer.worded import Axes, faults, judged, matrix_of, worded

TABLE = "sku,name\nMUG-1,mug\nMUG-2,jug\n"
AXES: Axes = {
    "angle": ["front", "side"],
    "background": {"oak": "on an oak table", "white": "before plain white"},
}
TEMPLATE = "a {{ name }}, {{ angle }} view, {{ background }}"


def test_every_row_is_ordered_with_every_combination() -> None:
    jobs = worded(TABLE, TEMPLATE, axes=AXES)
    assert [(job.id, job.line, job.prompt) for job in jobs[:5]] == [
        ("MUG-1_front_oak", 2, "a mug, front view, on an oak table"),
        ("MUG-1_front_white", 2, "a mug, front view, before plain white"),
        ("MUG-1_side_oak", 2, "a mug, side view, on an oak table"),
        ("MUG-1_side_white", 2, "a mug, side view, before plain white"),
        ("MUG-2_front_oak", 3, "a jug, front view, on an oak table"),
    ]
    assert len(jobs) == 8
    assert jobs[0].name == "MUG-1_front_oak"


def test_a_jobs_row_is_the_manifests_own_and_what_the_matrix_gave() -> None:
    job = worded(TABLE, TEMPLATE, axes=AXES)[0]
    assert list(job.row.items()) == [
        ("sku", "MUG-1"),
        ("name", "mug"),
        ("angle", "front"),
        ("background", "on an oak table"),
    ]


def test_an_axis_may_be_a_field_or_a_parameter() -> None:
    axes: Axes = {"尺寸": ["1024*1024"], "model": ["wanx-v1", "flux-schnell"]}
    jobs = worded("sku,prompt\nA,a cup\n", axes=axes, sets=("n=1",))
    assert [(job.id, job.lane, job.parameters) for job in jobs] == [
        (f"A_1024-1024_{model}", f"dashscope:{model}@default", {"size": "1024*1024"})
        for model in ("wanx-v1", "flux-schnell")
    ]


def test_a_cell_that_says_something_is_not_replaced() -> None:
    table = "sku,name,angle\nA,mug,top\nB,jug,\n"
    jobs = worded(table, TEMPLATE, axes=AXES)
    assert [job.id for job in jobs] == [
        "A_oak",
        "A_white",
        *(f"B_{angle}_{ground}" for angle, ground in product(("front", "side"), ("oak", "white"))),
    ]
    assert jobs[0].prompt == "a mug, top view, on an oak table"


def test_a_row_that_says_everything_is_one_order_under_its_own_id() -> None:
    (job,) = worded("sku,name,angle,background\nA,mug,top,grass\n", TEMPLATE, axes=AXES)
    assert (job.id, job.prompt) == ("A", "a mug, top view, grass")


def test_a_column_by_another_name_is_the_axis_all_the_same() -> None:
    table = "sku,prompt,尺寸\nA,a cup,\nB,a jug,720*1280\n"
    jobs = worded(table, axes={"size": ["1024*1024", "1280*720"]})
    assert [(job.id, job.parameters["size"]) for job in jobs] == [
        ("A_1024-1024", "1024*1024"),
        ("A_1280-720", "1280*720"),
        ("B", "720*1280"),
    ]
    assert list(jobs[0].row) == ["sku", "prompt", "尺寸"]


def test_rows_of_json_lines_have_the_axis_after_their_own_keys() -> None:
    content = '{"id": 1, "prompt": "a cup"}\n{"view": "top", "id": 2, "prompt": "a jug"}\n'
    jobs = worded(content, axes={"view": ["front", "side"]})
    assert [(job.id, list(job.row)) for job in jobs] == [
        ("1_front", ["id", "prompt", "view"]),
        ("1_side", ["id", "prompt", "view"]),
        ("2", ["view", "id", "prompt"]),
    ]


def test_what_is_wrong_with_a_row_is_told_once() -> None:
    assert faults("sku,prompt\nA,\nA,a cup\n", axes={"angle": ["front", "side"]}) == [
        "line 2, column prompt: must not be empty",
        'line 3, column sku: "A" is the same id as line 2',
    ]


def test_what_is_wrong_with_one_order_of_a_row_is_told_of_that() -> None:
    found = judged("sku,prompt\nA,a cup\n", axes={"size": ["1024*1024", "9x9"]})
    assert [hasattr(checked, "job") for checked in found] == [True, False]
    assert faults("sku,prompt\nA,a cup\n", axes={"size": ["1024*1024", "9x9"]})[0].startswith(
        'line 2, column size: "9x9" must be one of'
    )


def test_a_bad_order_comes_back_as_a_row_that_makes_it_again() -> None:
    found = judged("sku,prompt,n\nA,a cup,\n", axes={"n": ["1", "9"], "angle": ["front", "side"]})
    bad = [checked.row for checked in found if not hasattr(checked, "job")]
    assert [row.cells for row in bad] == [
        {"sku": "A_9_front", "prompt": "a cup", "n": "9", "angle": "front"},
        {"sku": "A_9_side", "prompt": "a cup", "n": "9", "angle": "side"},
    ]
    content = "\n".join(json.dumps({**row.cells, "n": "2"}) for row in bad if isinstance(row, Row))
    again = worded(content, axes={"n": ["1", "9"], "angle": ["front", "side"]})
    assert [job.id for job in again] == ["A_9_front", "A_9_side"]


def test_ids_that_grow_too_long_are_told() -> None:
    table = f"sku,prompt\n{'x' * 120},a cup\n"
    (told,) = faults(table, axes={"angle": ["from the front"]})
    assert "must have at most 128 characters; it has 135" in told


def test_two_rows_may_not_meet_in_one_id() -> None:
    told = faults("sku,prompt\nA,a cup\nA_front,a jug\n", axes={"angle": ["front", "front_front"]})
    assert told == ['line 3, column sku: "A_front" is the same id as line 2']


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("front", "front"),
        ("3/4 view", "3-4-view"),
        ("正面", "正面"),
        ("on an oak table in soft morning light", "on-an-oak-table-i-"),
    ],
)
def test_a_values_label_is_short_and_fit_for_a_name(value: str, label: str) -> None:
    (found,) = axis_of("view", [value]).values
    assert found.startswith(label)
    assert len(found) <= 24
    assert found == next(iter(axis_of("other", ["first", value]).values.keys() - {"first"}))


def test_long_values_that_begin_alike_have_labels_of_their_own() -> None:
    start = "a table of dark oak in soft light, "
    assert len(axis_of("background", [start + "left", start + "right"]).values) == 2


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ({"angle": []}, "matrix angle has no values; leave it out"),
        ({"angle": ["front", "Front"]}, "Front and front would make the same ids; give each a label"),
        ({"angle": ["a b", "a-b"]}, "would make the same ids"),
        ({"sku": ["a"]}, "matrix sku: an id is a row's own; the matrix adds to it"),
        ({"size": ["a"], "尺寸": ["b"]}, "matrix: size and 尺寸 mean the same"),
    ],
)  # fmt: skip
def test_a_matrix_that_makes_no_sense_is_refused(axes: Any, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        matrix_of(axes)
    assert sentence in str(caught.value)


def test_the_product_is_said_in_numbers() -> None:
    with manifest_of("sku,angle\nA,\nB,\nC,\n") as manifest:
        said = matrix_of(AXES).count(manifest.rows())
    assert str(said) == "3 rows x 2 angles x 2 backgrounds = 12 orders"
    with manifest_of("sku,angle\nA,\nB,top\n") as manifest:
        said = matrix_of({"angle": ["front"], "角度": ["a", "b"]}).count(manifest.rows())
    assert str(said) == "2 rows x 1 angle x 2 角度 = 4 orders"
    with manifest_of("sku,angle\nA,\nB,top\n") as manifest:
        said = matrix_of(AXES).count(manifest.rows())
    assert str(said) == (
        "2 rows x 2 angles x 2 backgrounds = 6 orders"
        " (some rows say themselves what they are ordered with)"
    )


def test_more_orders_than_meant_are_refused_before_they_are_made() -> None:
    with manifest_of("sku\n" + "".join(f"{n}\n" for n in range(LIMIT // 4 + 1))) as manifest:
        made = matrix_of(AXES).count(manifest.rows())
    with pytest.raises(OptionError) as caught:
        check_product(made, None)
    assert str(caught.value) == (
        "2,501 rows x 2 angles x 2 backgrounds = 10,004 orders, and a matrix may make 10,000;"
        " say --matrix-limit 10004 if that many are meant"
    )
    check_product(made, 10_004)
    with pytest.raises(OptionError):
        check_product(made, 10_003)


def test_what_cannot_be_read_makes_no_order_and_is_handed_on() -> None:
    content = '{"id": 1, "prompt": "a"}\n{"id": \n'
    with manifest_of(content, form="jsonl") as manifest:
        matrix = matrix_of(AXES)
        assert matrix.count(manifest.rows()).orders == 4
        kinds = [type(row) for row in matrix.expanded(manifest.rows())]
    assert kinds == [Row] * 4 + [Broken]


WORDS = st.text("abcXYZ019杯茶é", min_size=1, max_size=40)


@given(
    ids=st.lists(st.integers(0, 999).map("SKU-{:03}".format), min_size=1, max_size=5, unique=True),
    axes=st.dictionaries(
        st.sampled_from(["angle", "background", "light"]),
        st.lists(WORDS, min_size=1, max_size=3, unique_by=str.casefold),
        min_size=1,
        max_size=3,
    ),
)
def test_ids_are_as_many_as_the_product_says_and_all_different(
    ids: list[str], axes: dict[str, list[str]]
) -> None:
    content = "\n".join(json.dumps({"id": name, "prompt": "a cup"}) for name in ids)
    with manifest_of(content) as manifest:
        said = matrix_of(axes).count(manifest.rows())
    found = [job.id for job in worded(content, axes=axes)]
    assert len(set(found)) == len(found) == said.orders
    assert found == [job.id for job in worded(content, axes=axes)]
