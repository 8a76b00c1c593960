"""One good order for each DashScope model, as the vendor's pages show it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.simulator.running import RunningSimulator

PICTURE = "https://example.com/picture.png"
T2I = "aigc/text2image/image-synthesis"
I2I = "aigc/image2image/image-synthesis"
GENERATION = "aigc/image-generation/generation"
MULTIMODAL = "aigc/multimodal-generation/generation"


@dataclass(frozen=True)
class Request:
    """A path below /api/v1/services/, a body without its model, and what must come of it."""

    path: str
    input: dict[str, Any]
    parameters: dict[str, Any] | None = None
    images: int = 1
    shape: str = "results"
    waiting: bool = False
    further: dict[str, Any] = field(default_factory=dict)

    def body(self, model: str) -> dict[str, Any]:
        body = {"model": model, "input": copy.deepcopy(self.input), **self.further}
        if self.parameters is not None:
            body["parameters"] = dict(self.parameters)
        return body


def said(*content: dict[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [*content, {"text": "a flower shop"}]}]}


def send(simulator: RunningSimulator, request: Request, body: dict[str, Any]) -> httpx2.Response:
    headers = {} if request.waiting else {"X-DashScope-Async": "enable"}
    return simulator.client.post(f"/api/v1/services/{request.path}", headers=headers, json=body)


def order(simulator: RunningSimulator, model: str, **changes: Any) -> httpx2.Response:
    """Send a model's good order with fields of `input` and `parameters` changed; None removes."""
    request = GOOD[model]
    body = request.body(model)
    for part, fields in changes.items():
        merged = {**(body.get(part) or {}), **fields}
        body[part] = {name: value for name, value in merged.items() if value is not None}
    return send(simulator, request, body)


_CAT = {"prompt": "a cat"}
_ONE = {"n": 1}
_WAN = Request(T2I, _CAT, _ONE)
_MESSAGE = Request(GENERATION, said(), _ONE, shape="choices")
_WAITING = Request(MULTIMODAL, said(), _ONE, shape="choices", waiting=True)
_MODEL_INPUT = {
    "base_image_url": PICTURE,
    "mask_image_url": PICTURE,
    "prompt": "a woman on a rural road",
    "face_prompt": "good face",
}
GOOD: dict[str, Request] = {
    "wanx-v1": Request(T2I, {**_CAT, "ref_img": PICTURE}, images=4),
    "stable-diffusion-v1.5": Request(T2I, _CAT),
    "stable-diffusion-xl": Request(T2I, _CAT),
    "stable-diffusion-3.5-large": Request(T2I, _CAT, {"steps": 40, "cfg": 4.5, "shift": 3.0}),
    "stable-diffusion-3.5-large-turbo": Request(T2I, _CAT),
    "flux-schnell": Request(T2I, _CAT),
    "flux-dev": Request(T2I, _CAT),
    "flux-merged": Request(T2I, _CAT),
    "wanx-background-generation-v2": Request(
        "aigc/background-generation/generation/",
        {"base_image_url": PICTURE, "ref_prompt": "on moss"},
        {"n": 2, "model_version": "v3", "noise_level": 999},
        images=2,
    ),
    "wanx-sketch-to-image-lite": Request(
        I2I, {"sketch_image_url": PICTURE, "prompt": "a tree"}, {"sketch_weight": 3}, images=4
    ),
    "wanx-x-painting": Request(
        I2I, {"prompt": "a dog", "base_image_url": PICTURE, "mask_image_url": PICTURE}
    ),
    "wanx-style-cosplay-v1": Request(
        GENERATION,
        {"model_index": 1, "face_image_url": PICTURE, "template_image_url": PICTURE},
    ),
    "wanx-style-repaint-v1": Request(GENERATION, {"image_url": PICTURE, "style_index": 0}),
    "facechain-facedetect": Request(
        "vision/facedetection/detect", {"images": [PICTURE, PICTURE]}, {}, 0, "is_face", True
    ),
    "facechain-generation": Request(
        "aigc/album/gen_potrait",
        {"template_url": PICTURE, "user_urls": [PICTURE]},
        {"style": "train_free_portrait_url_template"},
        images=4,
    ),
    "wanx-virtualmodel": Request(
        "aigc/virtualmodel/generation", _MODEL_INPUT, {"short_side_size": "512", "n": 2}, 2
    ),
    "virtualmodel-v2": Request(
        "aigc/virtualmodel/generation",
        {**_MODEL_INPUT, "background_image_url": PICTURE},
        {"short_side_size": "1024", "aspect_ratio": "1:2"},
    ),
    "shoemodel-v1": Request(
        "aigc/virtualmodel/generation",
        {"template_image_url": PICTURE, "shoe_image_url": [PICTURE]},
        {"scale": 5},
    ),
    "image-out-painting": Request(
        "aigc/image2image/out-painting", {"image_url": PICTURE}, {"angle": 45}, 1, "image_url"
    ),
    "image-instance-segmentation": Request(I2I, {"image_url": PICTURE}, {}, 1, "image_url"),
    "image-erase-completion": Request(
        I2I, {"image_url": PICTURE, "mask_url": PICTURE}, {"dilate_flag": True}, 1, "image_url"
    ),
    "wanx-poster-generation-v1": Request(
        T2I,
        {
            "title": "春节快乐",
            "prompt_text_zh": "灯笼,小猫,梅花",
            "wh_ratios": "竖版",
            "lora_name": "童话油画",
            "generate_mode": "generate",
            "generate_num": 2,
        },
        {},
        2,
        "render_urls",
    ),
    "wordart-texture": Request(
        "aigc/wordart/texture",
        {
            "text": {"text_content": "艺术字", "output_image_ratio": "16:9"},
            "prompt": "精美玉石",
            "texture_style": "material",
        },
        {"image_short_size": 704},
    ),
    "wordart-semantic": Request(
        "aigc/wordart/semantic", {"text": "桂林山水", "prompt": "山峦"}, _ONE, 1, "png_svg"
    ),
    "wordart-surnames": Request(
        "aigc/wordart/surnames", {"surname": "赵", "prompt": "石阶", "text": {"font_name": "g3"}}
    ),
    "wanx2.0-t2i-turbo": _WAN,
    "wanx2.1-t2i-turbo": _WAN,
    "wanx2.1-t2i-plus": _WAN,
    "wan2.2-t2i-flash": Request(T2I, _CAT, {"size": "512*1440"}, images=4),
    "wan2.2-t2i-plus": _WAN,
    "wan2.5-t2i-preview": Request(T2I, _CAT, {"size": "1280*1280", "seed": 1}, images=4),
    "wan2.5-i2i-preview": Request(I2I, {**_CAT, "images": [PICTURE, PICTURE]}, _ONE),
    "wan2.6-t2i": Request(GENERATION, said(), {"size": "1696*960"}, 4, "choices"),
    "wan2.6-image": Request(GENERATION, said({"image": PICTURE}), _ONE, shape="choices"),
    "wan2.7-image": Request(
        GENERATION, said(), {"enable_sequential": True, "size": "1K"}, 12, "choices"
    ),
    "wan2.7-image-pro": Request(GENERATION, said(), {"n": 1, "size": "4K"}, shape="choices"),
    "wanx2.1-imageedit": Request(
        I2I,
        {"function": "colorization", "prompt": "blue", "base_image_url": PICTURE},
    ),
    "qwen-image": _WAN,
    "qwen-image-plus": _WAN,
    "qwen-image-max": _WAITING,
    "qwen-image-edit": Request(
        MULTIMODAL, said({"image": PICTURE}), _ONE, shape="choices", waiting=True
    ),
    "qwen-image-edit-plus": Request(
        MULTIMODAL, said({"image": PICTURE}), {"n": 2}, 2, "choices", waiting=True
    ),
    "qwen-image-edit-max": Request(
        MULTIMODAL, said({"image": PICTURE}), None, 1, "choices", waiting=True
    ),
    "qwen-image-2.0": Request(MULTIMODAL, said(), {"n": 6}, 6, "choices", waiting=True),
    "qwen-image-2.0-pro": _WAITING,
    "qwen-image-3.0": _MESSAGE,
    "qwen-image-3.0-pro": _WAITING,
    "z-image-turbo": Request(MULTIMODAL, said(), None, 1, "choices", waiting=True),
}
