"""Whatever a row of whatever model holds, it is judged: nothing raises, nothing odd is ordered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producer.checking import Good, RowChecker
from producer.plan import parameter_names
from producer.row import Row
from producer.unlisted_models import with_unlisted
from schemas.catalogue import catalogue
from schemas.fields import resolve
from schemas.model import Model
from tests.producer.wrong_values import named

MODELS = list(catalogue())
CHECKER = RowChecker(catalogue())
LENIENT = RowChecker(with_unlisted(catalogue(), "1CNY", None, allowed=True))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PIECES = st.sampled_from(
    ["1024x1024", "16:9", "0:0", "1e400", "-1", "99999999999999999999", "[[", "{}", "[1]", "a|b|c",
     "https://x.example/ü?a=b", "http://[", "https://[::1/x", "s3://b/k", "true", "<auto>", "NaN"]
)  # fmt: skip
SLOW = [HealthCheck.too_slow]  # a busy machine says nothing of the rows
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | PIECES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Model, dict[str, Any]]:
    model = draw(st.sampled_from(MODELS))
    columns = draw(
        st.lists(st.sampled_from([*model.parameters, "n", "prompt", "size"]), unique=True)
    )
    return model, {column: draw(VALUE) for column in columns}


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(drawn=rows())
def test_no_row_of_any_model_is_more_than_bad(drawn: tuple[Model, dict[str, Any]]) -> None:
    model, given_cells = drawn
    cells = {"id": "1", "model": named(model), **given_cells}
    found = CHECKER.check(Row(1, tuple(cells), cells))
    if isinstance(found, Good):
        assert json.loads(found.job.model_dump_json())["id"] == "1"
        assert set(found.job.parameters) <= set(model.parameters)
    else:
        assert found.problems
        assert all(len(str(problem)) < 900 for problem in found.problems)


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(drawn=rows(), extra=st.dictionaries(TEXT, VALUE, max_size=2), parameters=VALUE)
def test_no_row_of_a_model_nobody_lists_is_more_than_bad(
    drawn: tuple[Model, dict[str, Any]], extra: dict[str, Any], parameters: Any
) -> None:
    free = {f"parameters.{name}": value for name, value in extra.items()}
    cells = {"id": "1", "model": "wan9", "parameters": parameters, **drawn[1], **free}
    found = LENIENT.check(Row(1, tuple(cells), cells))
    if isinstance(found, Good):
        assert found.job.lane == "dashscope:wan9@default"


@pytest.mark.parametrize("name", sorted(parameter_names(catalogue())))
def test_every_parameter_is_a_column_of_its_own_name(name: str) -> None:
    fields = resolve((name,), parameter_names(catalogue()))
    assert fields.columns == {name: name}
