from __future__ import annotations

import csv
import io
import json

import pytest

from producer.example_row import example_row, template_columns
from producer.model_named import full_name
from producer.model_words import csv_template, jsonl_template
from schemas.catalogue import catalogue
from schemas.lane import Lane
from schemas.model import Model
from tests.producer.manifests import complaints, jobs

MODELS = list(catalogue())
IDS = [f"{model.provider}:{model.name}" for model in MODELS]


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_a_models_template_can_be_ordered_as_it_is(model: Model) -> None:
    for template in (csv_template, jsonl_template):
        content = template(model, catalogue())
        assert complaints(content) == []
        (job,) = jobs(content)
        lane = Lane.parse(job.lane)
        assert (lane.provider, lane.model) == (model.provider, model.name)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_a_template_has_every_column_and_fills_what_is_required(model: Model) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_template(model, catalogue())))
    assert set(model.parameters) <= set(row)
    required = {name for name, parameter in model.parameters.items() if parameter.required}
    assert {name for name in required if not row[name]} == set()
    assert json.loads(jsonl_template(model, catalogue())).keys() <= set(row)
    assert set(example_row(model, catalogue())) <= set(template_columns(model))


def test_a_name_that_several_providers_have_is_written_with_its_own() -> None:
    both = [model for model in MODELS if model.name == "qwen-image"]
    assert sorted(full_name(model, catalogue()) for model in both) == [
        "dashscope:qwen-image",
        "qianfan-v2:qwen-image",
    ]
