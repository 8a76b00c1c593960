"""What the catalogue allows, the simulator takes: two readings of the vendor's pages agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.catalogue import catalogue
from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from simulator.checks import BadParameter
from simulator.dashscope_model import MULTIMODAL
from simulator.dashscope_models import MODELS
from simulator.dashscope_reading import read_input, read_order
from simulator.refusal import Refusal
from tests.simulator.orders import GOOD, PICTURE
from worker.providers.dashscope_messages import as_messages
from worker.providers.order import body_of

KNOWN = [m for m in catalogue() if m.provider == "dashscope" and m.name in MODELS]
STRUCTURES: dict[str, Any] = {
    "reference_edge": {"foreground_edge": [PICTURE], "foreground_edge_prompt": ["moss"]},
    "sketch_color": [[134, 134, 134]],
    "mask_color": [[134, 134, 134]],
    "resources": [{"resource_id": "a", "resource_type": "facelora"}],
    "bbox_list": [[[0, 0, 12, 12]]],
    "color_palette": [
        {"hex": "#C2D1E6", "ratio": "23.51%"},
        {"hex": "#CDD8E9", "ratio": "20.13%"},
        {"hex": "#636574", "ratio": "56.36%"},
    ],
}
"""Values as the pages show them, which no range can tell."""


def extremes(name: str, parameter: Parameter) -> Iterator[Any]:
    """Values at the edge of what the catalogue allows."""
    least, most = parameter.min_items or 1, parameter.max_items or 1
    plain: dict[Kind, list[Any]] = {
        Kind.SWITCH: [True, False],
        Kind.PICTURE: [PICTURE],
        Kind.PICTURES: [[PICTURE] * least, [PICTURE] * most],
        Kind.TEXTS: [["a"] * least],
        Kind.TEXT: ["x" * (parameter.max_length or 5)],
        Kind.STRUCTURE: [STRUCTURES.get(name)],
    }
    bounds = [bound for bound in (parameter.minimum, parameter.maximum) if bound is not None]
    match parameter.kind:
        case Kind.CHOICE | Kind.RATIO:
            yield from parameter.choices
        case Kind.SIZE:
            yield from parameter.choices
            yield from _sizes(parameter)
        case Kind.INTEGER:
            yield from (int(bound) for bound in bounds)
        case Kind.NUMBER:
            yield from bounds
        case kind:
            yield from plain[kind]


def _sizes(parameter: Parameter) -> Iterator[str]:
    sides = [
        int(side)
        for side in (
            parameter.minimum,
            parameter.maximum,
            parameter.min_pixels and parameter.min_pixels**0.5,
            parameter.max_pixels and parameter.max_pixels**0.5,
        )
        if side
    ]
    for side in sides:
        text = f"{side}{parameter.separator}{side}"
        try:
            yield parameter.check(text)
        except ValueError:
            continue


def rows(model: Model) -> Iterator[dict[str, Any]]:
    """Rows that only have what they must have, then with each further parameter in turn."""
    plain = {
        name: next(extremes(name, parameter))
        for name, parameter in model.parameters.items()
        if parameter.required
    }
    yield plain
    for name, parameter in model.parameters.items():
        for value in extremes(name, parameter):
            yield {**plain, name: value}


def kept_by_the_rules(model: Model, row: dict[str, Any]) -> bool:
    defaults = {name: p.default for name, p in model.parameters.items() if p.default is not None}
    given = {**row, "prompt": "a cat" if model.prompt != "none" else None}
    return all(rule.broken_by(given, defaults) is None for rule in model.rules)


@pytest.mark.parametrize("model", KNOWN, ids=lambda model: model.name)
def test_every_row_of_the_catalogue_is_taken(model: Model) -> None:
    spec = MODELS[model.name]
    path = model.endpoint.removeprefix("services/")
    waiting = model.synchronous or spec.path == ""
    shape = spec.shape_at(path, waiting)
    assert shape is not None, f"{path} is not where {model.name} is served"
    taken = 0
    for row in rows(model):
        if not kept_by_the_rules(model, row):
            continue
        job = Job(
            id="1",
            line=2,
            lane=f"dashscope:{model.name}@default",
            prompt="a cat" if model.prompt != "none" else "",
            n=1,
            parameters=row,
            name="1",
        )
        body = {"model": model.name, **body_of(job, model)}
        if model.protocol == "dashscope-messages":
            body = as_messages(body, model)
        try:
            read_order(spec, read_input(spec, shape, body), body)
        except (Refusal, BadParameter) as refused:
            pytest.fail(f"{row}: {refused}")
        taken += 1
    assert taken


def test_the_catalogue_has_every_model_that_has_a_page_of_its_own() -> None:
    assert {m.name for m in KNOWN} >= {
        name for name in GOOD if not name.startswith(("qwen-image-edit", "wan2.5-i2i"))
    }
    assert MULTIMODAL in {m.endpoint.removeprefix("services/") for m in KNOWN}
