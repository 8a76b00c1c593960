"""Pictures from words and out of pictures: each system's request is the one its document prints.

What is ordered here is written as a cell of a table would have it.
"""

from __future__ import annotations

from copy import deepcopy

import pytest

from schemas.catalogue import catalogue
from tests.schemas.ordering import CAT, DOG, MASK, Row, ordered

ROWS = [
    Row(
        "wanx-v1",
        {
            "ref_img": "https://example.com/玫瑰.png",
            "ref_mode": "refonly",
            "ref_strength": "0.5",
            "style": "auto",
            "size": "1024x1024",
            "seed": "42",
        },
        {
            "input": {
                "prompt": "a cat",
                "negative_prompt": "garfield",
                "ref_img": "https://example.com/%E7%8E%AB%E7%91%B0.png",
            },
            "parameters": {
                "style": "<auto>",
                "size": "1024*1024",
                "n": 2,
                "seed": 42,
                "ref_strength": 0.5,
                "ref_mode": "refonly",
            },
        },
        "a cat",
        "garfield",
        2,
    ),
    *(
        Row(
            name,
            {"size": size, "steps": 50, "scale": 10, "seed": 7},
            {
                "input": {"prompt": "an eagle", "negative_prompt": "garfield"},
                "parameters": {"size": size, "n": 1, "steps": 50, "scale": 10.0, "seed": 7},
            },
            "an eagle",
            "garfield",
        )
        for name, size in (("stable-diffusion-v1.5", "512*512"), ("stable-diffusion-xl", "768*896"))
    ),
    *(
        Row(
            name,
            {"size": "1024x768", "steps": 20, "cfg": 4.5, "shift": 3, "image": CAT, "denoise": 0.6},
            {
                "input": {"prompt": "一只猫", "image": CAT},
                "parameters": {
                    "size": "1024*768",
                    "n": 3,
                    "steps": 20,
                    "cfg": 4.5,
                    "shift": 3.0,
                    "denoise": 0.6,
                },
            },
            "一只猫",
            n=3,
        )
        for name in ("stable-diffusion-3.5-large", "stable-diffusion-3.5-large-turbo")
    ),
    *(
        Row(
            name,
            {
                "size": "576*1024",
                "seed": 42,
                "steps": 4,
                "guidance": 3.5,
                "offload": "no",
                "add_sampling_metadata": "yes",
            },
            {
                "input": {"prompt": "a fox"},
                "parameters": {
                    "size": "576*1024",
                    "seed": 42,
                    "steps": 4,
                    "guidance": 3.5,
                    "offload": False,
                    "add_sampling_metadata": True,
                },
            },
            "a fox",
        )
        for name in ("flux-schnell", "flux-dev", "flux-merged")
    ),
    Row(
        "wanx-background-generation-v2",
        {
            "base_image_url": CAT,
            "ref_image_url": DOG,
            "reference_edge": f'{{"foreground_edge": ["{MASK}"], "foreground_edge_prompt": ["桃花"]}}',
            "model_version": "v3",
            "noise_level": 300,
            "ref_prompt_weight": 0.5,
            "scene_type": "general",
        },
        {
            "input": {
                "base_image_url": CAT,
                "ref_image_url": DOG,
                "ref_prompt": "山脉和晚霞",
                "neg_ref_prompt": "模糊的",
                "reference_edge": {"foreground_edge": [MASK], "foreground_edge_prompt": ["桃花"]},
            },
            "parameters": {
                "n": 4,
                "model_version": "v3",
                "noise_level": 300,
                "ref_prompt_weight": 0.5,
                "scene_type": "GENERAL",
            },
        },
        "山脉和晚霞",
        "模糊的",
        4,
    ),
    Row(
        "wanx-sketch-to-image-lite",
        {
            "sketch_image_url": CAT,
            "size": "768*768",
            "sketch_weight": 3,
            "style": "watercolor",
            "sketch_extraction": "false",
            "sketch_color": "[[134, 134, 134], [0, 0, 0]]",
        },
        {
            "input": {"sketch_image_url": CAT, "prompt": "一棵参天大树"},
            "parameters": {
                "size": "768*768",
                "n": 2,
                "sketch_weight": 3,
                "style": "<watercolor>",
                "sketch_extraction": False,
                "sketch_color": [[134, 134, 134], [0, 0, 0]],
            },
        },
        "一棵参天大树",
        n=2,
    ),
    Row(
        "wanx-x-painting",
        {
            "base_image_url": CAT,
            "mask_image_url": MASK,
            "size": "1024*1024",
            "mask_color": [[134, 134, 134]],
        },
        {
            "input": {
                "prompt": "a dog wearing red glasses",
                "base_image_url": CAT,
                "mask_image_url": MASK,
            },
            "parameters": {"size": "1024*1024", "n": 1, "mask_color": [[134, 134, 134]]},
        },
        "a dog wearing red glasses",
    ),
    Row(
        "image-out-painting",
        {"image_url": CAT, "left_offset": 546, "right_offset": 960, "add_watermark": "no"},
        {
            "input": {"image_url": CAT},
            "parameters": {"left_offset": 546, "right_offset": 960, "add_watermark": False},
        },
    ),
    Row(
        "image-instance-segmentation",
        {"image_url": CAT},
        {"input": {"image_url": CAT}, "parameters": {}},
    ),
    Row(
        "image-erase-completion",
        {"image_url": CAT, "mask_url": MASK, "foreground_url": DOG, "dilate_flag": "true"},
        {
            "input": {"image_url": CAT, "mask_url": MASK, "foreground_url": DOG},
            "parameters": {"dilate_flag": True},
        },
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.model)
def test_the_body_is_the_one_the_vendor_prints(row: Row) -> None:
    assert ordered(row, catalogue().find(row.model, "dashscope")) == row.body


def test_an_order_leaves_nothing_behind_in_the_catalogue() -> None:
    model = catalogue().find("image-out-painting")
    before = deepcopy(model.constants)
    first = Row("image-out-painting", {"image_url": CAT, "angle": 45}, {})
    second = Row("image-out-painting", {"image_url": DOG, "x_scale": 2}, {})
    assert ordered(first, model)["parameters"] == {"angle": 45}
    assert ordered(second, model)["parameters"] == {"x_scale": 2.0}
    assert model.constants == before
