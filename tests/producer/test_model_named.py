from __future__ import annotations

import pytest

from producer.defaults import defaults_from
from producer.errors import OptionError
from schemas.catalogue import catalogue
from tests.producer.manifests import check_cells, complaints, job_of, reasons


@pytest.mark.parametrize("name", ["dashscope:qwen-image", "qianfan-v2:qwen-image"])
def test_a_provider_before_the_name_tells_models_apart(name: str) -> None:
    assert job_of(check_cells(model=name)).lane == f"{name}@default"
    assert job_of(check_cells(name)).lane == f"{name}@default"
    provider, own = name.split(":")
    assert job_of(check_cells(model=own, provider=provider)).lane == f"{name}@default"
    assert job_of(check_cells(own, provider=provider)).lane == f"{name}@default"


def test_a_name_that_several_have_is_not_guessed() -> None:
    assert reasons(check_cells(model="qwen-image")) == [
        'line 7, column model: "qwen-image" is a model of several providers;'
        " write dashscope:qwen-image or qianfan-v2:qwen-image"
    ]


def test_a_providers_model_is_looked_for_there_only() -> None:
    (reason,) = reasons(check_cells(model="openai:wanx-v1"))
    assert reason == (
        'line 7, column model: "openai:wanx-v1" is no known model of openai;'
        " did you mean dashscope:wanx-v1?"
    )
    (reason,) = reasons(check_cells(model="dashscope:wanx-v2"))
    assert reason.endswith("is no known model of dashscope; did you mean wanx-v1?")


def test_model_and_provider_must_not_contradict_each_other() -> None:
    (reason,) = reasons(check_cells(model="dashscope:wanx-v1", provider="openai"))
    assert reason.startswith('line 7, column provider: "openai" is not where dashscope:wanx-v1')
    assert job_of(check_cells("wanx-v1", "provider=dashscope", model="openai:dall-e-2")).lane == (
        "openai:dall-e-2@default"
    )


def test_a_default_model_may_wait_for_its_rows_to_name_the_provider() -> None:
    table = "id,prompt,provider\n1,cup,qianfan-v2\n2,cup,\n"
    assert [line[:30] for line in complaints(table, "qwen-image")] == [
        'line 3, column --set model: "q'
    ]
    with pytest.raises(OptionError, match='--model: "qwen-imag" is no known model'):
        defaults_from("qwen-imag", [], catalogue())
