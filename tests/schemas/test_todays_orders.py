"""What goes out for one full order of each family, by hand from the vendors' documents."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from schemas.catalogue import catalogue
from schemas.job import Job
from worker.providers.order import body_of


class Order(NamedTuple):
    """A row as a user writes it, and the body its vendor's document asks for."""

    provider: str
    model: str
    written: dict[str, Any]
    body: dict[str, Any]
    n: int = 1
    negative: str | None = None


CUP = "a cup"
A, B = "https://example.com/a.png", "data:image/png;base64,iVBORw0KGgo="

ORDERS = [
    Order(
        "dashscope",
        "wan2.2-t2i-flash",
        {"size": "1024x768", "seed": "7", "prompt_extend": "false", "watermark": "no"},
        {
            "input": {"prompt": CUP, "negative_prompt": "blurry"},
            "parameters": {
                "size": "1024*768",
                "seed": 7,
                "prompt_extend": False,
                "watermark": False,
                "n": 2,
            },
        },
        n=2,
        negative="blurry",
    ),
    Order(
        "dashscope",
        "wan2.6-t2i",
        {"size": "1280*1280", "prompt_extend": "true"},
        {
            "content": {"text": CUP},
            "parameters": {
                "negative_prompt": "blurry",
                "size": "1280*1280",
                "prompt_extend": True,
                "n": 1,
            },
        },
        negative="blurry",
    ),
    Order(
        "dashscope",
        "wan2.6-image",
        {"images": f"{A}|{B}", "size": "1k"},
        {
            "content": {"text": CUP, "images": [A, B]},
            "parameters": {"enable_interleave": False, "size": "1K", "n": 1},
        },
    ),
    Order(
        "dashscope",
        "wan2.7-image-pro",
        {
            "images": [A],
            "size": "2048x1024",
            "bbox_list": "[[[0, 0, 100, 100]]]",
            "color_palette": [{"hex": "#C2D1E6", "ratio": "100.00%"}],
            "thinking_mode": False,
        },
        {
            "content": {"text": CUP, "images": [A]},
            "parameters": {
                "size": "2048*1024",
                "bbox_list": [[[0, 0, 100, 100]]],
                "color_palette": [{"hex": "#C2D1E6", "ratio": "100.00%"}],
                "thinking_mode": False,
                "n": 3,
            },
        },
        n=3,
    ),
    Order(
        "dashscope",
        "wan2.5-i2i-preview",
        {"images": [A, B], "size": "1280*1280", "seed": 1},
        {
            "input": {"prompt": CUP, "images": [A, B]},
            "parameters": {"size": "1280*1280", "seed": 1, "n": 1},
        },
    ),
    Order(
        "dashscope",
        "wanx2.1-imageedit",
        {"function": "expand", "base_image_url": A, "top_scale": 1.5, "left_scale": "2"},
        {
            "input": {"prompt": CUP, "function": "expand", "base_image_url": A},
            "parameters": {"top_scale": 1.5, "left_scale": 2.0, "n": 1},
        },
    ),
    Order(
        "dashscope",
        "qwen-image",
        {"size": "1664x928"},
        {"input": {"prompt": CUP}, "parameters": {"size": "1664*928", "n": 1}},
    ),
    Order(
        "dashscope",
        "qwen-image-3.0",
        {"images": A, "size": "1024x1024", "prompt_extend_mode": "direct", "enable_thinking": "no"},
        {
            "content": {"text": CUP, "images": [A]},
            "parameters": {
                "negative_prompt": "blurry",
                "size": "1024*1024",
                "prompt_extend_mode": "direct",
                "enable_thinking": False,
                "n": 6,
            },
        },
        n=6,
        negative="blurry",
    ),
    Order(
        "dashscope",
        "z-image-turbo",
        {"size": "1024x1024", "prompt_extend": "false", "seed": 7},
        {
            "content": {"text": CUP},
            "parameters": {"size": "1024*1024", "prompt_extend": False, "seed": 7},
        },
    ),
    Order(
        "qianfan",
        "sd_xl",
        {"size": "1024*1024", "steps": 20, "sampler_index": "dpm++ sde karras", "style": "anime"},
        {
            "prompt": CUP,
            "negative_prompt": "white",
            "size": "1024x1024",
            "steps": 20,
            "sampler_index": "DPM++ SDE Karras",
            "style": "Anime",
            "n": 1,
        },
        negative="white",
    ),
    Order(
        "qianfan-v2",
        "irag-1.0",
        {"size": "1024x1024", "refer_image": A, "user": "shop-1"},
        {"prompt": CUP, "size": "1024x1024", "refer_image": A, "user": "shop-1", "n": 4},
        n=4,
    ),
    Order(
        "stability",
        "stable-diffusion-xl-1024-v1-0",
        {"size": "1152*896", "cfg_scale": 7, "steps": 30, "style_preset": "Anime", "seed": 5},
        {
            "prompt": CUP,  # the client makes text_prompts of the two
            "negative_prompt": "blurry",
            "width": 1152,
            "height": 896,
            "cfg_scale": 7.0,
            "steps": 30,
            "style_preset": "anime",
            "seed": 5,
            "samples": 2,
        },
        n=2,
        negative="blurry",
    ),
    Order(
        "stability",
        "sd3.5-medium",
        {"mode": "image-to-image", "image": B, "strength": "0.6", "output_format": "jpeg"},
        {
            "prompt": CUP,
            "negative_prompt": "blurry",
            "mode": "image-to-image",
            "image": B,
            "strength": 0.6,
            "output_format": "jpeg",
        },
        negative="blurry",
    ),
    Order(
        "openai",
        "gpt-image-2",
        {"size": "2048*1152", "quality": "High", "output_format": "webp", "output_compression": 80},
        {
            "prompt": CUP,
            "size": "2048x1152",
            "quality": "high",
            "output_format": "webp",
            "output_compression": 80,
            "n": 10,
        },
        n=10,
    ),
    Order(
        "openai",
        "dall-e-3",
        {"size": "1792x1024", "quality": "hd", "style": "natural"},
        {
            "response_format": "b64_json",
            "prompt": CUP,
            "size": "1792x1024",
            "quality": "hd",
            "style": "natural",
            "n": 1,
        },
    ),
    Order(
        "openai",
        "doubao-seedream-4-0",
        {"size": "2k", "image": [A], "watermark": "false", "optimize_prompt_mode": "fast"},
        {
            "prompt": CUP,
            "size": "2K",
            "image": [A],
            "watermark": False,
            "optimize_prompt_options": {"mode": "fast"},
        },
    ),
    Order(
        "openai",
        "Kwai-Kolors/Kolors",
        {"size": "720*1280", "num_inference_steps": 20, "guidance_scale": 7.5},
        {
            "prompt": CUP,
            "negative_prompt": "blurry",
            "image_size": "720x1280",
            "num_inference_steps": 20,
            "guidance_scale": 7.5,
            "batch_size": 4,
        },
        n=4,
        negative="blurry",
    ),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.model)
def test_an_order_has_the_body_its_document_asks_for(order: Order) -> None:
    model = catalogue().find(order.model, order.provider)
    job = Job(
        id="A-1",
        line=2,
        lane=f"{order.provider}:{order.model}@default",
        prompt=CUP,
        negative_prompt=order.negative,
        n=order.n,
        parameters={
            name: model.parameters[name].check(value) for name, value in order.written.items()
        },
        name="A-1",
    )
    assert body_of(job, model) == order.body


def test_what_a_vendor_must_always_be_told_is_told_without_a_column_too() -> None:
    bare = {"id": "A-1", "line": 2, "prompt": CUP, "name": "A-1"}

    def body(provider: str, name: str) -> dict[str, Any]:
        job = Job(lane=f"{provider}:{name}@default", **bare)
        return body_of(job, catalogue().find(name, provider))

    sdxl = body("stability", "stable-diffusion-xl-1024-v1-0")
    assert sdxl == {"prompt": CUP, "width": 1024, "height": 1024, "samples": 1}
    assert body("openai", "Qwen/Qwen-Image") == {"prompt": CUP, "image_size": "1328x1328"}
    assert body("openai", "dall-e-2")["response_format"] == "b64_json"
    assert body("openai", "gpt-image-1") == {"prompt": CUP, "n": 1}
    assert body("stability", "stable-image-core") == {"prompt": CUP}
