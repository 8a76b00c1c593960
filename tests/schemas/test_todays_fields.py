"""The fields of today's models and of other vendors': spelling, limits, defaults, what goes together."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.catalogue import catalogue
from schemas.model import Model


def _find(name: str) -> Model:
    provider, colon, model = name.partition(":")
    return catalogue().find(model, provider) if colon else catalogue().find(name)


def _reasons(model: Model, given: dict[str, Any]) -> list[str]:
    defaults = {field: known.default for field, known in model.parameters.items()}
    found = [rule.broken_by(given, defaults) for rule in model.rules]
    return [reason for reason in found if reason is not None]


@pytest.mark.parametrize(
    ("name", "field", "spelled"),
    [
        ("wan2.2-t2i-plus", "size", "1024*1024"),
        ("z-image-turbo", "size", "1024*1024"),
        ("qianfan-v2:irag-1.0", "size", "1024x1024"),
        ("sd_xl", "size", "1024x1024"),
        ("gpt-image-2", "size", "1024x1024"),
        ("stable-diffusion-xl-1024-v1-0", "size", "1024x1024"),
        ("stable-image-core", "aspect_ratio", "1:1"),
    ],
)
def test_one_size_is_spelled_as_each_vendor_wants_it(name: str, field: str, spelled: str) -> None:
    for written in ("1024x1024", "1024*1024", "1024 X 1024", "1024×1024"):
        assert _find(name).parameters[field].check(written) == spelled


@pytest.mark.parametrize(
    ("written", "ratio"),
    [("1920x1080", "16:9"), ("1344*576", "21:9"), ("21:9", "21:9"), ("576x1344", "9:21")],
)
def test_a_size_stands_for_its_aspect_ratio(written: str, ratio: str) -> None:
    assert _find("sd3.5-large").parameters["aspect_ratio"].check(written) == ratio


@pytest.mark.parametrize(
    ("name", "field", "wrong"),
    [
        ("wan2.2-t2i-plus", "size", "1441x1024"),
        ("wan2.2-t2i-plus", "size", "511x1024"),
        ("wan2.6-t2i", "size", "1280x1279"),
        ("wan2.6-t2i", "size", "1441x1440"),
        ("wan2.6-t2i", "size", "700x2801"),
        ("wan2.6-t2i", "size", "2K"),
        ("wan2.7-image", "size", "4K"),
        ("wan2.7-image", "size", "2049x2048"),
        ("qwen-image-2.0", "size", "2049x2048"),
        ("qwen-image-3.0", "size", "512x511"),
        ("qwen-image-max", "size", "1024x1024"),
        ("sd_xl", "size", "1025x1024"),
        ("gpt-image-2", "size", "1024x1000"),
        ("gpt-image-2", "size", "3856x1600"),
        ("gpt-image-2", "size", "3200x1040"),
        ("dall-e-3", "size", "512x512"),
        ("doubao-seedream-4-5", "size", "1024x1024"),
        ("doubao-seedream-4-5", "size", "1K"),
        ("stable-diffusion-xl-1024-v1-0", "size", "1024x1088"),
        ("stable-diffusion-v1-6", "size", "500x512"),
        ("stable-image-core", "aspect_ratio", "4:3"),
        ("stable-image-core", "aspect_ratio", "0:0"),
        ("stable-image-core", "seed", "4294967295"),
        ("stable-diffusion-v1-6", "seed", "0"),
        ("sd_xl", "seed", "4294967296"),
        ("wan2.6-t2i", "seed", "2147483648"),
        ("sd3.5-large", "output_format", "webp"),
        ("gpt-image-2", "background", "transparent"),
        ("wan2.5-i2i-preview", "images", "a.png|b.png|c.png|d.png"),
        ("wanx2.1-imageedit", "function", "description"),
    ],
)
def test_what_a_vendor_refuses_is_refused(name: str, field: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="must be "):
        _find(name).parameters[field].check(wrong)


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("wan2.6-t2i", {"size": "1280*1280", "prompt_extend": True, "watermark": False}),
        ("wan2.6-image", {"size": "1K"}),
        ("wan2.7-image-pro", {"size": "2K", "thinking_mode": True}),
        ("wanx2.1-imageedit", {"strength": 0.5, "upscale_factor": 1, "is_sketch": False}),
        ("qwen-image", {"size": "1664*928"}),
        ("qwen-image-2.0", {"size": "2048*2048"}),
        ("qwen-image-3.0", {"size": None, "prompt_extend_mode": "direct"}),
        ("z-image-turbo", {"size": "1024*1536", "prompt_extend": False}),
        ("sd_xl", {"steps": 20, "cfg_scale": 5, "sampler_index": "Euler a", "style": "Base"}),
        ("sd3.5-large", {"cfg_scale": 4, "mode": "text-to-image", "output_format": "png"}),
        ("sd3.5-flash", {"cfg_scale": 1}),
        ("stable-diffusion-v1-6", {"cfg_scale": 7, "steps": 30, "size": "512x512"}),
        ("gpt-image-1", {"size": "auto", "quality": "auto", "background": "auto"}),
        ("dall-e-3", {"quality": "standard", "style": "vivid"}),
        ("doubao-seedream-4-0", {"size": "2048x2048", "watermark": True}),
    ],
)
def test_what_is_left_out_is_what_the_vendor_takes(name: str, defaults: dict[str, Any]) -> None:
    parameters = _find(name).parameters
    assert {field: parameters[field].default for field in defaults} == defaults


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("wan2.7-image", {"bbox_list": [[]]}, "needs images when bbox_list is"),
        ("wan2.7-image-pro", {"images": ["a"], "size": "4K"}, "takes no images when size is 4K"),
        ("wan2.7-image-pro", {"images": ["a"], "size": "2049*2048"}, "takes no images when size"),
        (
            "wanx2.1-imageedit",
            {"function": "description_edit_with_mask"},
            "needs mask_image_url when function is description_edit_with_mask",
        ),
        (
            "qwen-image-3.0",
            {"images": ["a"], "prompt_extend_mode": "agent"},
            "takes no images when prompt_extend_mode is agent",
        ),
        ("stable-image-ultra", {"image": "a"}, "takes image and strength only together"),
        ("sd3.5-large", {"mode": "image-to-image"}, "needs image when mode is image-to-image"),
        (
            "sd3.5-large",
            {"image": "a", "strength": 0.5},
            "takes no image when mode is text-to-image",
        ),
        ("gpt-image-2", {"output_compression": 80}, "takes no output_compression when output"),
        (
            "gpt-image-1",
            {"background": "transparent", "output_format": "jpeg"},
            "takes no background when background is transparent and output_format is jpeg",
        ),
    ],
)
def test_fields_that_do_not_go_together_are_told(
    name: str, given: dict[str, Any], complaint: str
) -> None:
    assert [reason for reason in _reasons(_find(name), given) if reason.startswith(complaint)]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("wan2.7-image-pro", {"size": "4096*4096"}),
        ("wan2.7-image-pro", {"images": ["a"], "size": "2048*2048"}),
        ("qwen-image-3.0", {"prompt_extend": False, "enable_thinking": False}),
        ("stable-image-ultra", {"image": "a", "strength": 0.5}),
        ("sd3.5-large", {"mode": "image-to-image", "image": "a", "strength": 0.5}),
        ("gpt-image-2", {"output_format": "jpeg", "output_compression": 80}),
    ],
)
def test_fields_that_go_together_are_taken(name: str, given: dict[str, Any]) -> None:
    assert _reasons(_find(name), given) == []


@pytest.mark.parametrize(
    ("name", "field", "taken_as"),
    [
        ("wan2.6-image", "images", ("url", "data")),
        ("wan2.7-image", "images", ("url", "data")),
        ("wan2.5-i2i-preview", "images", ("url", "data")),
        ("wanx2.1-imageedit", "base_image_url", ("url", "data")),
        ("qwen-image-2.0", "images", ("url", "data")),
        ("irag-1.0", "refer_image", ("url", "data")),
        ("doubao-seedream-4-5", "image", ("url", "data")),
        ("stable-image-ultra", "image", ("bytes",)),
        ("sd3.5-large", "image", ("bytes",)),
    ],
)
def test_pictures_go_in_the_way_their_model_takes_them(
    name: str, field: str, taken_as: tuple[str, ...]
) -> None:
    picture = _find(name).parameters[field].picture
    assert picture is not None
    assert picture.taken_as == taken_as
