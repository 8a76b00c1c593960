"""One order of each system of Model Studio's overview: the request and the answer as the vendor's
pages print them, written by hand."""

from __future__ import annotations

from typing import Any, NamedTuple

OSS = "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com"
INPUT = "https://shop.example.com/in"
AIGC = "services/aigc"


class System(NamedTuple):
    """What is ordered, what must leave, what comes back, and what that means."""

    model: str
    job: dict[str, Any]
    path: str
    body: dict[str, Any]
    output: dict[str, Any]
    pictures: list[tuple[int, str]]
    """Index and part of each picture."""
    facts: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default, never written to


def _results(*names: str) -> dict[str, Any]:
    return {"results": [{"url": f"{OSS}/{name}?Expires=1795300000"} for name in names]}


def _text_to_image(model: str, parameters: dict[str, Any], *, sends_n: bool = True) -> System:
    return System(
        model,
        {"prompt": "a cat", "parameters": parameters},
        f"{AIGC}/text2image/image-synthesis",
        {
            "input": {"prompt": "a cat"},
            "parameters": {**parameters, **({"n": 1} if sends_n else {})},
        },
        _results("a.png"),
        [(1, "")],
    )


SYSTEMS = [
    System(
        "wanx-v1",
        {
            "prompt": "a cat",
            "negative_prompt": "garfield",
            "n": 2,
            "parameters": {
                "ref_img": f"{INPUT}/ref.png",
                "ref_mode": "refonly",
                "ref_strength": 0.5,
                "style": "<auto>",
            },
        },
        f"{AIGC}/text2image/image-synthesis",
        {
            "input": {
                "prompt": "a cat",
                "negative_prompt": "garfield",
                "ref_img": f"{INPUT}/ref.png",
            },
            "parameters": {"ref_mode": "refonly", "ref_strength": 0.5, "style": "<auto>", "n": 2},
        },
        # Two results may share one address.
        _results("a.png", "a.png"),
        [(1, ""), (2, "")],
    ),
    _text_to_image("stable-diffusion-v1.5", {"size": "512*512", "steps": 50, "scale": 10}),
    _text_to_image("stable-diffusion-xl", {"size": "1024*768", "seed": 7}),
    _text_to_image("stable-diffusion-3.5-large", {"size": "1024*1024", "seed": 7}),
    _text_to_image("stable-diffusion-3.5-large-turbo", {"size": "1024*1024", "seed": 7}),
    _text_to_image("flux-schnell", {"size": "1024*1024", "steps": 4}, sends_n=False),
    _text_to_image("flux-dev", {"size": "1024*1024", "guidance": 3.5}, sends_n=False),
    _text_to_image("flux-merged", {"seed": 42}, sends_n=False),
    System(
        "wanx-background-generation-v2",
        {
            "prompt": "on a beach",
            "negative_prompt": "people",
            "n": 2,
            "parameters": {
                "base_image_url": f"{INPUT}/bag.png",
                "title": "夏天",
                "noise_level": 300,
            },
        },
        f"{AIGC}/background-generation/generation/",
        {
            "input": {
                "ref_prompt": "on a beach",
                "neg_ref_prompt": "people",
                "base_image_url": f"{INPUT}/bag.png",
                "title": "夏天",
            },
            "parameters": {"noise_level": 300, "n": 2},
        },
        {
            **_results("a.png", "b.png"),
            "text_results": {
                "urls": [f"{OSS}/ta.png", f"{OSS}/tb.png"],
                "params": [{"layers": [1]}, {"layers": [2]}],
            },
        },
        [(1, ""), (1, "text"), (2, ""), (2, "text")],
        {"text_results": {"params": [{"layers": [1]}, {"layers": [2]}]}},
    ),
    System(
        "wanx-sketch-to-image-lite",
        {
            "prompt": "a tree",
            "parameters": {"sketch_image_url": f"{INPUT}/s.png", "sketch_color": [[0, 0, 0]]},
        },
        f"{AIGC}/image2image/image-synthesis",
        {
            "input": {"prompt": "a tree", "sketch_image_url": f"{INPUT}/s.png"},
            "parameters": {"sketch_color": [[0, 0, 0]], "n": 1},
        },
        _results("a.png"),
        [(1, "")],
    ),
    System(
        "wanx-x-painting",
        {
            "prompt": "a dog with red glasses",
            "n": 2,
            "parameters": {
                "base_image_url": f"{INPUT}/dog.png",
                "mask_image_url": f"{INPUT}/mask.png",
                "size": "1024*1024",
            },
        },
        f"{AIGC}/image2image/image-synthesis",
        {
            "input": {
                "prompt": "a dog with red glasses",
                "base_image_url": f"{INPUT}/dog.png",
                "mask_image_url": f"{INPUT}/mask.png",
            },
            "parameters": {"size": "1024*1024", "n": 2},
        },
        {
            "results": [
                {"code": "InternalError.Algo", "message": "no"},
                *_results("b.png")["results"],
            ]
        },
        [(2, "")],
    ),
    System(
        "wanx-style-cosplay-v1",
        {
            "prompt": "",
            "parameters": {
                "face_image_url": f"{INPUT}/face.png",
                "template_image_url": f"{INPUT}/hero.png",
            },
        },
        f"{AIGC}/image-generation/generation",
        {
            "input": {
                "model_index": 1,
                "face_image_url": f"{INPUT}/face.png",
                "template_image_url": f"{INPUT}/hero.png",
            }
        },
        _results("a.png"),
        [(1, "")],
    ),
    System(
        "wanx-style-repaint-v1",
        {
            "prompt": "",
            "parameters": {
                "image_url": f"{INPUT}/me.jpg",
                "style_index": -1,
                "style_ref_url": f"{INPUT}/style.png",
            },
        },
        f"{AIGC}/image-generation/generation",
        {
            "input": {
                "image_url": f"{INPUT}/me.jpg",
                "style_index": -1,
                "style_ref_url": f"{INPUT}/style.png",
            }
        },
        {
            **_results("a.jpg"),
            "error_code": 0,
            "error_message": "Success",
            "start_time": "2024-03-02 22:22:13",
            "style_index": 3,
        },
        [(1, "")],
    ),
    System(
        "facechain-generation",
        {
            "prompt": "",
            "n": 2,
            "parameters": {
                "style": "f_idcard_male",
                "size": "768*1024",
                "resources": [{"resource_id": "ft-1", "resource_type": "facelora"}],
            },
        },
        f"{AIGC}/album/gen_potrait",
        {
            "parameters": {"style": "f_idcard_male", "size": "768*1024", "n": 2},
            "resources": [{"resource_id": "ft-1", "resource_type": "facelora"}],
        },
        _results("a.png", "b.png"),
        [(1, ""), (2, "")],
    ),
]
