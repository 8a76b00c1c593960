from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from producer.checking import Good
from producer.row import Broken, Row
from tests.producer.manifests import checker, given

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
KNOWN = st.sampled_from(
    ["id", "sku", "prompt", "n", "seed", "size", "style", "model", "negative_prompt", "steps"]
)


def rows_of(content: str) -> list[Row | Broken]:
    with given(content, form="jsonl") as manifest:
        return list(manifest.rows())


@settings(max_examples=60, deadline=None)
@examples(
    objects=st.lists(st.dictionaries(TEXT, VALUE, max_size=4), min_size=1, max_size=6),
    ascii_=st.booleans(),
)
def test_whatever_json_wrote_reads_back_with_its_line(
    objects: list[dict[str, Any]], ascii_: bool
) -> None:
    content = "\n\n".join(json.dumps(value, ensure_ascii=ascii_) for value in objects)
    read = rows_of(content)
    assert [(row.line, row.cells) for row in read] == [
        (1 + 2 * number, value) for number, value in enumerate(objects)
    ]
    assert [list(row.cells) for row in read if isinstance(row, Row)] == [list(o) for o in objects]


@settings(max_examples=150, deadline=None)
@examples(cells=st.dictionaries(KNOWN | TEXT, VALUE, max_size=6))
def test_no_row_however_odd_is_more_than_bad(cells: dict[str, Any]) -> None:
    checked = checker("wanx-v1").check(Row(1, tuple(cells), cells))
    if isinstance(checked, Good):
        assert json.loads(checked.job.model_dump_json())["id"] == checked.job.id
    else:
        assert all(len(str(problem)) < 500 for problem in checked.problems)


def test_mark_windows_newlines_and_blank_lines_are_tolerated() -> None:
    rows = rows_of('\ufeff{"id": 1}\r\n\r\n  {"id": 2}\r\n')
    assert [(row.line, row.cells) for row in rows] == [(1, {"id": 1}), (3, {"id": 2})]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            '{"id": 1,}',
            "is not JSON: Expecting property name enclosed in double quotes at character 10",
        ),
        ('  {"id" 1}', "is not JSON: Expecting ':' delimiter at character 9"),
        ('{"id": 1} x', "goes on after the object, at character 11"),
        ("[1, 2]", 'is no object; write {"id": ..., "prompt": ...}'),
        ('{"seed": NaN}', "is not JSON: NaN is no JSON number"),
        ('{"prompt": "\\ud800"}', "holds half a surrogate pair, which is no character"),
        ('{"n": ' + "9" * 5000 + "}", "is not JSON: Exceeds the limit"),
        ('{"a": ' + "[" * 100_000, "is not JSON: maximum recursion depth exceeded"),
    ],
)
def test_a_line_that_is_no_object_is_a_problem(line: str, complaint: str) -> None:
    first, broken, last = rows_of('{"id": 1}\n' + line + '\n{"id": 3}\n')
    assert isinstance(broken, Broken)
    assert str(broken.problem).startswith(f"line 2: the line {complaint}")
    assert broken.cells == (line,)
    assert (first.line, last.line) == (1, 3)


def test_columns_grow_as_rows_come() -> None:
    with given('{"id": 1, "prompt": "cup"}\n{"brand": "x", "id": 2}\n') as manifest:
        assert list(manifest.columns) == ["id", "prompt"]
        list(manifest.rows())
        assert list(manifest.columns) == ["id", "prompt", "brand"]


def test_ever_new_keys_are_still_read() -> None:
    content = "\n".join(json.dumps({"id": n, f"key {n}": n}) for n in range(1500))
    assert len(rows_of(content)) == 1500
