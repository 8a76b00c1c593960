"""The models that ship, found by name."""

from __future__ import annotations

import pytest

from schemas.catalogue import UnknownModel, catalogue
from schemas.lane import Lane
from schemas.model import WINDOW_SLACK, Model

MODELS = list(catalogue())
models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def test_a_model_is_found_by_its_name_and_provider() -> None:
    assert catalogue().find("wanx-v1").provider == "dashscope"
    assert catalogue().find("wanx-v1", "dashscope").max_n == 4


@pytest.mark.parametrize(
    ("name", "provider", "words"),
    [
        ("wanx", None, "unknown model 'wanx'; did you mean wanx-v1?"),
        ("flux-shnell", "dashscope", "did you mean flux-schnell?"),
        ("zebra", None, "unknown model 'zebra'; `imagemill models` lists them"),
        ("wanx-v1", "dashscop", "unknown provider 'dashscop'; known: .*did you mean dashscope?"),
        ("", None, "unknown model ''"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    name: str, provider: str | None, words: str
) -> None:
    with pytest.raises(UnknownModel, match=words):
        catalogue().find(name, provider)


@models
def test_every_model_can_be_a_lane(model: Model) -> None:
    lane = Lane(model.provider, model.name, "default")
    assert Lane.parse(str(lane)) == lane


@models
def test_the_window_is_the_running_limit_with_a_little_slack(model: Model) -> None:
    assert model.limits.window == model.running + WINDOW_SLACK
    assert model.limits.rate_per_s > 0
    assert model.limits.burst == 1


@models
def test_what_a_provider_takes_by_default_is_allowed(model: Model) -> None:
    for name, parameter in model.parameters.items():
        assert parameter.doc.endswith("."), name
        if parameter.default is not None:
            assert parameter.check(parameter.default) == parameter.default, name


@models
def test_the_figures_of_a_model_make_sense(model: Model) -> None:
    assert model.price_micro >= 0
    assert model.prompt_limit > 0
    assert model.prompt_unit in ("characters", "words")
    assert model.currency.isupper()
    assert len(model.currency) == 3
    assert (model.retired is None) == (model.successor is None)


def test_names_are_told_apart() -> None:
    names = [(model.provider, model.name) for model in MODELS]
    assert len(set(names)) == len(names)


def test_the_price_is_exact() -> None:
    assert catalogue().find("wanx-v1").price_micro == 160_000
