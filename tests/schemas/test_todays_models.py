"""Today's models and the other vendors': limits, prices and dates by hand from the documents."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.catalogue import catalogue
from schemas.model import Model
from schemas.money import to_micro

TASK = "services/aigc/text2image/image-synthesis"
EDIT = "services/aigc/image2image/image-synthesis"
MESSAGES = "services/aigc/image-generation/generation"
AT_ONCE = "services/aigc/multimodal-generation/generation"

DASHSCOPE = {
    # model: protocol, endpoint, synchronous, prompt limit, max n, rate, running, price
    "wan2.2-t2i-flash": ("task", TASK, False, 500, 4, "2/s", 2, "0.14"),
    "wan2.2-t2i-plus": ("task", TASK, False, 500, 4, "2/s", 2, "0.20"),
    "wanx2.1-t2i-turbo": ("task", TASK, False, 500, 4, "2/s", 2, "0.14"),
    "wanx2.1-t2i-plus": ("task", TASK, False, 500, 4, "2/s", 2, "0.20"),
    "wanx2.0-t2i-turbo": ("task", TASK, False, 800, 4, "2/s", 2, "0.04"),
    "wan2.5-t2i-preview": ("task", TASK, False, 2000, 4, "5/s", 5, "0.20"),
    "wan2.6-t2i": ("messages", MESSAGES, False, 2100, 4, "1/s", 5, "0.20"),
    "wan2.6-image": ("messages", MESSAGES, False, 2000, 4, "5/s", 5, "0.20"),
    "wan2.7-image": ("messages", MESSAGES, False, 5000, 4, "5/s", 5, "0.20"),
    "wan2.7-image-pro": ("messages", MESSAGES, False, 5000, 4, "5/s", 5, "0.50"),
    "wan2.5-i2i-preview": ("task", EDIT, False, 2000, 4, "5/s", 5, "0.20"),
    "wanx2.1-imageedit": ("task", EDIT, False, 800, 4, "2/s", 2, "0.14"),
    "qwen-image": ("task", TASK, False, 800, 1, "2/s", 2, "0.25"),
    "qwen-image-plus": ("task", TASK, False, 800, 1, "2/s", 2, "0.20"),
    "qwen-image-max": ("messages", AT_ONCE, True, 800, 1, "2/min", 2, "0.50"),
    "qwen-image-2.0": ("messages", AT_ONCE, True, 1300, 6, "2/s", 4, "0.20"),
    "qwen-image-2.0-pro": ("messages", AT_ONCE, True, 1300, 6, "2/min", 2, "0.50"),
    "qwen-image-3.0": ("messages", MESSAGES, False, 4500, 6, "2/s", 2, "0.18"),
    "qwen-image-3.0-pro": ("messages", MESSAGES, False, 4500, 6, "2/min", 2, "0.50"),
    "z-image-turbo": ("messages", AT_ONCE, True, 800, 1, "2/s", 4, "0.10"),
}

OTHERS = {
    # model: provider, endpoint, seconds, prompt limit, max n, currency, price
    "sd_xl": (
        "qianfan",
        "rpc/2.0/ai_custom/v1/wenxinworkshop/text2image/sd_xl",
        *(120, 1024, 4, "CNY", "0.06"),
    ),
    "irag-1.0": ("qianfan-v2", "images/generations", 120, 220, 4, "CNY", "0.14"),
    "flux.1-schnell": ("qianfan-v2", "images/generations", 120, 512, 4, "CNY", "0.05"),
    "stable-diffusion-v1-6": (
        "stability",
        "v1/generation/{model}/text-to-image",
        *(120, 2000, 10, "USD", "0.009"),
    ),
    "stable-image-core": (
        "stability",
        "v2beta/stable-image/generate/core",
        *(120, 10000, 1, "USD", "0.03"),
    ),
    "stable-image-ultra": (
        "stability",
        "v2beta/stable-image/generate/ultra",
        *(120, 10000, 1, "USD", "0.08"),
    ),
    "sd3.5-large": (
        "stability",
        "v2beta/stable-image/generate/sd3",
        *(120, 10000, 1, "USD", "0.065"),
    ),
    "sd3.5-large-turbo": (
        "stability",
        "v2beta/stable-image/generate/sd3",
        *(120, 10000, 1, "USD", "0.04"),
    ),
    "sd3.5-medium": (
        "stability",
        "v2beta/stable-image/generate/sd3",
        *(120, 10000, 1, "USD", "0.035"),
    ),
    "sd3.5-flash": (
        "stability",
        "v2beta/stable-image/generate/sd3",
        *(120, 10000, 1, "USD", "0.025"),
    ),
    "gpt-image-1": ("openai", "images/generations", 300, 32000, 10, "USD", "0.25"),
    "gpt-image-2": ("openai", "images/generations", 300, 32000, 10, "USD", "0.211"),
    "dall-e-3": ("openai", "images/generations", 300, 4000, 1, "USD", "0.04"),
    "dall-e-2": ("openai", "images/generations", 300, 1000, 10, "USD", "0.02"),
    "doubao-seedream-4-5": ("openai", "images/generations", 300, 0, 1, "CNY", "0.25"),
    "Kwai-Kolors/Kolors": ("openai", "images/generations", 120, 0, 4, "CNY", "0"),
}


def _find(name: str) -> Model:
    provider, colon, model = name.partition(":")
    return catalogue().find(model, provider) if colon else catalogue().find(name)


@pytest.mark.parametrize("name", DASHSCOPE)
def test_a_model_of_model_studio_has_the_limits_of_its_page(name: str) -> None:
    model = catalogue().find(name, "dashscope")
    assert (
        model.protocol.removeprefix("dashscope-"),
        model.endpoint,
        model.synchronous,
        model.prompt_limit,
        model.max_n,
        model.rate,
        model.running,
    ) == DASHSCOPE[name][:-1]
    assert model.price == Decimal(DASHSCOPE[name][-1])
    assert model.currency == "CNY"
    assert model.result == ("choices" if "messages" in model.protocol else "results")
    # A synchronous answer may take 300 s.
    assert model.timeout_s == (310 if model.synchronous else 60)


@pytest.mark.parametrize("name", OTHERS)
def test_a_model_of_another_vendor_has_the_limits_of_its_page(name: str) -> None:
    provider, endpoint, seconds, prompt, most, currency, price = OTHERS[name]
    model = catalogue().find(name, str(provider))
    assert (model.endpoint, model.timeout_s, model.prompt_limit) == (endpoint, seconds, prompt)
    assert (model.max_n, model.currency, model.price) == (most, currency, Decimal(str(price)))
    assert (model.synchronous, model.result) == (True, "inline")


@pytest.mark.parametrize(
    ("name", "parameters", "price"),
    [
        ("z-image-turbo", {}, "0.10"),
        ("z-image-turbo", {"prompt_extend": True}, "0.20"),
        ("qwen-image-3.0-pro", {}, "0.50"),
        ("qwen-image-3.0-pro", {"size": "1500*1500"}, "0.25"),
        ("qwen-image-3.0-pro", {"size": "1501*1500"}, "0.50"),
        ("qwen-image-3.0", {"size": "2048*2048"}, "0.18"),
        ("gpt-image-1", {"size": "1024x1024", "quality": "low"}, "0.011"),
        ("gpt-image-1", {"size": "1024x1536", "quality": "medium"}, "0.063"),
        ("gpt-image-1", {"size": "1536x1024"}, "0.25"),
        ("gpt-image-1-mini", {"size": "1024x1024", "quality": "high"}, "0.036"),
        ("gpt-image-1.5", {"size": "1024x1024", "quality": "medium"}, "0.034"),
        ("gpt-image-2", {"size": "1024x1024", "quality": "medium"}, "0.053"),
        ("gpt-image-2", {"size": "1024x1536", "quality": "high"}, "0.165"),
        ("gpt-image-2", {"size": "1536x1024", "quality": "low"}, "0.005"),
        ("gpt-image-2", {"size": "2048x2048", "quality": "high"}, "0.429"),
        ("gpt-image-2", {"size": "3840x2160"}, "0.712"),
        ("dall-e-3", {"size": "1024x1792", "quality": "hd"}, "0.12"),
        ("dall-e-3", {"size": "1024x1792"}, "0.08"),
        ("dall-e-3", {"quality": "hd"}, "0.08"),
        ("dall-e-2", {"size": "256x256"}, "0.016"),
    ],
)
def test_an_order_costs_what_its_tier_says(
    name: str, parameters: dict[str, Any], price: str
) -> None:
    assert _find(name).price_micro_of(parameters) == to_micro(Decimal(price))


@pytest.mark.parametrize(
    ("name", "day", "successor"),
    [
        ("qwen-image", date(2026, 10, 10), "qwen-image-2.0"),
        ("qwen-image-plus", date(2026, 10, 10), "qwen-image-2.0"),
        ("qwen-image-max", date(2026, 10, 10), "qwen-image-2.0-pro"),
        ("stable-diffusion-v1-6", date(2025, 7, 24), "stable-image-core"),
        ("dall-e-2", date(2026, 5, 12), "gpt-image-2"),
        ("dall-e-3", date(2026, 5, 12), "gpt-image-2"),
        ("gpt-image-1", date(2026, 10, 23), "gpt-image-2"),
        ("gpt-image-1-mini", date(2026, 12, 1), "gpt-image-2"),
        ("gpt-image-1.5", date(2026, 12, 1), "gpt-image-2"),
    ],
)
def test_a_retired_model_names_its_day_and_its_successor(
    name: str, day: date, successor: str
) -> None:
    model = _find(name)
    assert (model.retired, model.successor) == (day, successor)
    assert catalogue().find(successor, model.provider).retired is None


def test_a_name_of_several_vendors_is_model_studios_unless_another_is_named() -> None:
    assert catalogue().find("qwen-image").provider == "dashscope"
    assert catalogue().find("qwen-image", "qianfan-v2").protocol == "qianfan-v2"


def test_vendors_behind_the_openai_protocol_have_accounts_of_their_own() -> None:
    seedream, kolors = _find("doubao-seedream-4-5"), _find("Kwai-Kolors/Kolors")
    assert (seedream.account, seedream.wire_name) == ("ark", "doubao-seedream-4-5-251128")
    assert (kolors.account, kolors.n_place) == ("siliconflow", "batch_size")
    assert _find("gpt-image-2").account is None
