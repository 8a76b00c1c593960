"""Any JSON at all is either an order or refused; the simulator never breaks down over it."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.checks import BadParameter
from simulator.dashscope_model import Model, Shape
from simulator.dashscope_models import MODELS
from simulator.dashscope_reading import Reading, prompt_of, read_input, read_order
from simulator.refusal import Refusal
from tests.simulator.orders import GOOD, PICTURE

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "<auto>", "1024*1024", "1K", "1*", "99999999*1", PICTURE, "generate"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "image", "role", "content"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a document where a value stands."""
    found = [path] if path else []
    if isinstance(document, dict | list):
        steps = document.items() if isinstance(document, dict) else enumerate(document)
        for step, value in steps:
            found += places(value, (*path, step))
    return found


def put(document: Any, path: tuple[Any, ...], value: object) -> None:
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = value


def read(model: Model, shape: Shape, body: Any) -> Reading | None:
    """The order as it is read, None if it is refused; anything else breaks the test."""
    try:
        inputs = read_input(model, shape, body)
        prompt_of(model, inputs)
        reading = read_order(model, inputs, body)
        if model.measure is not None:
            model.measure(reading.inputs, reading.parameters, None)
    except (Refusal, BadParameter):
        return None
    return reading


def test_the_good_orders_themselves_are_read() -> None:
    for name, request in GOOD.items():
        shape = MODELS[name].shape_at(request.path, request.waiting)
        assert shape is not None
        assert read(MODELS[name], shape, request.body(name)) is not None


@given(data=st.data())
def test_a_good_order_with_any_value_changed_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(GOOD)))
    model, request = MODELS[name], GOOD[name]
    known = dict.fromkeys(model.checks)
    body = copy.deepcopy(request.body(name))
    body["parameters"] = {**known, **(body.get("parameters") or {})}
    put(body, data.draw(st.sampled_from(places(body))), data.draw(VALUES))
    shape = model.shape_at(request.path, request.waiting)
    assert shape is not None

    reading = read(model, shape, body)
    assert reading is None or reading.n >= 1
