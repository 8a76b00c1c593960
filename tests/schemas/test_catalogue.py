"""The models that ship, found by name, and what holds for each of them."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.catalogue import UnknownModel, catalogue
from schemas.fields import is_field, normal_name
from schemas.lane import Lane
from schemas.model import WINDOW_SLACK, Model
from schemas.parameter import Kind
from schemas.provider import PROVIDERS
from schemas.row_rule import ANY
from schemas.size import ranged

MODELS = list(catalogue())
models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
BUILT_IN = {"prompt", "negative_prompt", "n"}
"""Fields of a row that are no parameters."""


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
    assert model.provider in PROVIDERS


@models
def test_the_window_is_the_running_limit_with_a_little_slack(model: Model) -> None:
    # Where an order is answered with the picture, nothing waits at the provider.
    slack = model.limits.window - model.running
    assert slack == 0 if model.synchronous else slack >= WINDOW_SLACK
    assert model.limits.rate_per_s > 0
    assert model.limits.burst == 1


@models
def test_what_a_provider_takes_by_default_is_allowed(model: Model) -> None:
    for name, parameter in model.parameters.items():
        assert parameter.doc.endswith("."), name
        if parameter.default is not None:
            assert parameter.check(parameter.default) == parameter.default, name


@models
def test_every_parameter_is_a_column_that_can_be_written(model: Model) -> None:
    shared = {"size", "style", "seed"}
    for name, parameter in model.parameters.items():
        assert normal_name(name) == name
        assert name in shared or not is_field(name), f"{name} has a meaning of its own"
        if parameter.kind in (Kind.CHOICE, Kind.RATIO):
            assert parameter.choices, name
        if parameter.kind is Kind.SIZE:
            assert parameter.choices or ranged(parameter), name


@models
def test_every_picture_says_what_it_must_be(model: Model) -> None:
    for name, parameter in model.parameters.items():
        assert (parameter.picture is not None) == parameter.takes_pictures, name
        if parameter.picture is None:
            continue
        assert parameter.picture.formats, name
        assert parameter.picture.taken_as, name
        other = parameter.picture.same_size_as
        assert other is None or model.parameters[other].takes_pictures, name


@models
def test_rules_speak_of_fields_and_values_there_are(model: Model) -> None:
    for rule in model.rules:
        for name in rule.fields:
            assert name in model.parameters or name in BUILT_IN, name
        for name, value in rule.when.items():
            if value not in (None, ANY) and name not in BUILT_IN:
                assert model.parameters[name].check(value) == value, name


@models
def test_no_two_fields_of_a_model_go_to_the_same_place(model: Model) -> None:
    places = [
        ".".join(filter(None, (parameter.place, parameter.sent_as or name)))
        for name, parameter in model.parameters.items()
        if not parameter.split
    ]
    places += [model.prompt_place] if model.prompt != "none" else []
    places += [model.negative_prompt_place] if model.negative_prompt_limit else []
    places += [model.n_place] if model.sends_n else []
    for place in places:
        assert places.count(place) == 1, place
        assert not any(other.startswith(f"{place}.") for other in places), place


@models
def test_the_figures_of_a_model_make_sense(model: Model) -> None:
    assert model.price_micro >= 0
    assert date(2026, 1, 1) <= model.price_as_of <= date(2026, 12, 31)
    assert model.currency.isupper()
    assert len(model.currency) == 3
    assert model.max_n >= 1
    assert model.typical_s > 0
    assert not model.endpoint.startswith("/")
    if model.prompt == "none":
        assert (model.prompt_limit, model.negative_prompt_limit) == (0, 0)
    if not model.draws:
        assert (model.max_n, model.sends_n) == (1, False)


@models
def test_every_model_names_its_source_by_the_vendors_title(model: Model) -> None:
    sources = [model.source, *(p.source for p in model.parameters.values() if p.source)]
    for source in sources:
        assert len(source) > len("not stated"), source
        assert not any(word in source for word in (".md", "/work", "../")), source


@models
def test_a_successor_is_a_model_we_know_that_can_be_ordered(model: Model) -> None:
    if model.successor is None:
        return
    successor = catalogue().find(model.successor, model.provider)
    assert model.retired is not None
    assert successor.retired is None or successor.retired > model.retired


def test_names_are_told_apart() -> None:
    names = [(model.provider, model.name) for model in MODELS]
    assert len(set(names)) == len(names)


def test_the_price_is_exact() -> None:
    assert catalogue().find("wanx-v1").price_micro == 160_000
