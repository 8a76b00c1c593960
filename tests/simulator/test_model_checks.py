"""What each model refuses: fields that are missing, out of range or of the wrong kind."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.dashscope_models import MODELS
from tests.simulator.orders import GOOD, MULTIMODAL, PICTURE, Request, order, said, send
from tests.simulator.running import RunningSimulator

REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("stable-diffusion-3.5-large", {"parameters": {"n": 5}}),
    ("wanx-background-generation-v2", {"input": {"ref_prompt": None}}),
    ("wanx-background-generation-v2", {"input": {"title": "九个字的标题太长了"}}),
    (
        "wanx-background-generation-v2",
        {"input": {"reference_edge": {"foreground_edge": [PICTURE] * 11}}},
    ),
    (
        "wanx-background-generation-v2",
        {
            "input": {
                "reference_edge": {
                    "foreground_edge": [PICTURE],
                    "foreground_edge_prompt": ["a", "b"],
                }
            }
        },
    ),
    ("wanx-background-generation-v2", {"parameters": {"model_version": "v1"}}),
    ("wanx-background-generation-v2", {"parameters": {"noise_level": 1000}}),
    ("wanx-background-generation-v2", {"parameters": {"ref_prompt_weight": 1.1}}),
    ("wanx-background-generation-v2", {"parameters": {"scene_type": "room"}}),
    ("wanx-sketch-to-image-lite", {"parameters": {"size": "1024*1024"}}),
    ("wanx-sketch-to-image-lite", {"parameters": {"sketch_weight": 11}}),
    ("wanx-sketch-to-image-lite", {"parameters": {"style": "<photography>"}}),
    ("wanx-sketch-to-image-lite", {"parameters": {"sketch_color": [[0, 0, 256]]}}),
    ("wanx-x-painting", {"parameters": {"size": "768*1152"}}),
    ("wanx-x-painting", {"parameters": {"mask_color": [[0, 0]]}}),
    ("wanx-style-cosplay-v1", {"input": {"model_index": 2}}),
    ("wanx-style-repaint-v1", {"input": {"style_index": 10}}),
    ("wanx-style-repaint-v1", {"input": {"style_index": -1}}),
    ("wanx-style-repaint-v1", {"input": {"style_index": "0"}}),
    ("facechain-generation", {"parameters": {"style": "f_idcard_cat"}}),
    ("facechain-generation", {"parameters": {"style": None}}),
    ("facechain-generation", {"parameters": {"n": 5}}),
    ("facechain-generation", {"input": {"user_urls": [PICTURE] * 6}}),
    ("facechain-generation", {"input": {"user_urls": None}}),
    ("facechain-generation", {"parameters": {"style": "f_idcard_male"}}),
    ("wanx-virtualmodel", {"parameters": {"short_side_size": 512}}),
    ("wanx-virtualmodel", {"parameters": {"short_side_size": "2048"}}),
    ("virtualmodel-v2", {"parameters": {"short_side_size": "512"}}),
    ("virtualmodel-v2", {"parameters": {"aspect_ratio": "2:3"}}),
    ("virtualmodel-v2", {"parameters": {"background_weight": -0.1}}),
    ("virtualmodel-v2", {"parameters": {"realPerson": "true"}}),
    ("shoemodel-v1", {"input": {"shoe_image_url": PICTURE}}),
    ("shoemodel-v1", {"input": {"shoe_image_url": [PICTURE] * 4}}),
    ("shoemodel-v1", {"parameters": {"scale": 1}}),
    ("image-out-painting", {"parameters": {"angle": 360}}),
    ("image-out-painting", {"parameters": {"x_scale": 3.1}}),
    ("image-out-painting", {"parameters": {"output_ratio": "2:1"}}),
    ("image-out-painting", {"parameters": {"left_offset": -1}}),
    ("image-out-painting", {"parameters": {"add_watermark": 0}}),
    ("image-erase-completion", {"parameters": {"fast_mode": "yes"}}),
    ("wanx-poster-generation-v1", {"input": {"title": "春" * 31}}),
    ("wanx-poster-generation-v1", {"input": {"body_text": "春" * 51}}),
    ("wanx-poster-generation-v1", {"input": {"prompt_text_zh": None}}),
    ("wanx-poster-generation-v1", {"input": {"prompt_text_zh": "猫" * 51}}),
    ("wanx-poster-generation-v1", {"input": {"lora_name": "油画"}}),
    ("wanx-poster-generation-v1", {"input": {"lora_weight": 1.5}}),
    ("wanx-poster-generation-v1", {"input": {"wh_ratios": "16:9"}}),
    ("wanx-poster-generation-v1", {"input": {"generate_mode": "draw"}}),
    ("wanx-poster-generation-v1", {"input": {"generate_mode": "hrf"}}),
    ("wanx-poster-generation-v1", {"input": {"generate_num": 5}}),
    ("wordart-texture", {"input": {"text": {"text_content": "七个字的艺术字"}}}),
    ("wordart-texture", {"input": {"image": {"image_url": PICTURE}}}),
    ("wordart-texture", {"input": {"text": None}}),
    ("wordart-texture", {"input": {"prompt": "玉" * 201}}),
    ("wordart-texture", {"parameters": {"image_short_size": 700}}),
    ("wordart-texture", {"parameters": {"image_short_size": 1088}}),
    ("wordart-semantic", {"parameters": {"steps": 9}}),
    ("wordart-semantic", {"parameters": {"output_image_ratio": "1280*720"}}),
    ("wordart-semantic", {"parameters": {"font_name": "a", "ttf_url": PICTURE}}),
    ("wordart-surnames", {"input": {"style": "diy", "prompt": None}}),
    ("wordart-surnames", {"input": {"text": {"text_strength": 1.5}}}),
    ("wan2.2-t2i-plus", {"parameters": {"size": "511*1024"}}),
    ("wan2.2-t2i-plus", {"parameters": {"seed": 2147483648}}),
    ("wan2.2-t2i-plus", {"parameters": {"prompt_extend": "false"}}),
    ("wan2.5-t2i-preview", {"parameters": {"size": "1024*1024"}}),
    ("wan2.5-t2i-preview", {"parameters": {"size": "4000*500"}}),
    ("wan2.5-i2i-preview", {"input": {"images": [PICTURE] * 4}}),
    ("wan2.6-t2i", {"parameters": {"n": 5}}),
    ("wan2.6-t2i", {"parameters": {"negative_prompt": "x" * 501}}),
    ("wan2.6-image", {"parameters": {"enable_interleave": True, "n": 2}}),
    ("wan2.7-image", {"parameters": {"size": "4K"}}),
    ("wan2.7-image", {"parameters": {"enable_sequential": False, "n": 5}}),
    ("wan2.7-image", {"parameters": {"n": 13}}),
    ("wan2.7-image", {"parameters": {"prompt_extend": True}}),
    ("wan2.7-image", {"parameters": {"bbox_list": [[[0, 0, 9, 9]]]}}),
    (
        "wan2.7-image",
        {"parameters": {"color_palette": [{"hex": "#ffffff", "ratio": "25.00%"}] * 3}},
    ),
    ("wanx2.1-imageedit", {"input": {"function": "expand_all"}}),
    ("wanx2.1-imageedit", {"input": {"function": "description_edit_with_mask"}}),
    ("wanx2.1-imageedit", {"parameters": {"left_scale": 2.1}}),
    ("wanx2.1-imageedit", {"parameters": {"upscale_factor": 5}}),
    ("qwen-image", {"parameters": {"n": 2}}),
    ("qwen-image-plus", {"parameters": {"size": "1024*1024"}}),
    ("qwen-image-2.0", {"parameters": {"n": 7}}),
    ("qwen-image-2.0", {"parameters": {"size": "2048*2049"}}),
    ("qwen-image-3.0", {"parameters": {"size": "2048*200"}}),
    ("qwen-image-3.0", {"parameters": {"prompt_extend_mode": "auto"}}),
    ("z-image-turbo", {"parameters": {"n": 2}}),
    ("z-image-turbo", {"parameters": {"size": "500*500"}}),
]


@pytest.mark.parametrize(("model", "changes"), REFUSED)
def test_a_field_out_of_range_is_refused(
    simulator: RunningSimulator, model: str, changes: dict[str, Any]
) -> None:
    answer = order(simulator, model, **changes)

    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


REQUIRED = [(model, name) for model, spec in sorted(MODELS.items()) for name in spec.required]


@pytest.mark.parametrize(
    ("model", "field"), [pair for pair in REQUIRED if "messages" not in GOOD[pair[0]].input]
)
def test_a_required_field_left_out_is_refused(
    simulator: RunningSimulator, model: str, field: str
) -> None:
    answer = order(simulator, model, input={field: None})

    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "model", [name for name, spec in sorted(MODELS.items()) if spec.needs_parameters]
)
def test_some_models_need_their_parameters_even_when_empty(
    simulator: RunningSimulator, model: str
) -> None:
    body = GOOD[model].body(model)
    del body["parameters"]
    answer = send(simulator, GOOD[model], body)

    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest.EmptyParameters")


@pytest.mark.parametrize(
    "messages",
    [
        None,
        [],
        "a cat",
        [{"role": "system", "content": [{"text": "a cat"}]}],
        [{"role": "user", "content": "a cat"}],
        [{"role": "user", "content": []}],
        [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}],
        [{"role": "user", "content": [{"text": 5}]}],
        [{"role": "user", "content": [{"text": "a"}, {"image": PICTURE}]}],
        [{"role": "user", "content": [{"text": "a"}]}] * 2,
    ],
)
def test_messages_must_be_one_users_text(simulator: RunningSimulator, messages: object) -> None:
    answer = send(
        simulator,
        GOOD["z-image-turbo"],
        {"model": "z-image-turbo", "input": {"messages": messages}},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


def test_large_pictures_of_wan_2_7_pro_are_drawn_from_words_only(
    simulator: RunningSimulator,
) -> None:
    body = {"model": "wan2.7-image-pro", "input": said({"image": PICTURE})}
    answers = [
        send(simulator, GOOD["wan2.7-image-pro"], {**body, "parameters": {"n": 1, "size": size}})
        for size in ("4K", "2K")
    ]

    assert [answer.status_code for answer in answers] == [400, 200]


def test_an_edit_of_qwen_needs_a_picture(simulator: RunningSimulator) -> None:
    request = Request(MULTIMODAL, said(), waiting=True)
    answer = send(simulator, request, request.body("qwen-image-edit-plus"))

    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("wanx-style-repaint-v1", {"input": {"style_index": -1, "style_ref_url": PICTURE}}),
        ("wordart-texture", {"input": {"text": None, "image": {"image_url": PICTURE}}}),
        ("facechain-generation", {"parameters": {"skin_retouch": False, "n": 1}}),
        ("wan2.7-image", {"parameters": {"n": 12}}),
        ("wan2.6-image", {"parameters": {"enable_interleave": True, "max_images": 2}}),
        ("qwen-image-3.0", {"parameters": {"prompt_extend_mode": "agent", "size": "512*512"}}),
        ("wanx2.1-imageedit", {"input": {"function": "expand"}, "parameters": {"left_scale": 2}}),
    ],
)
def test_what_the_pages_allow_is_accepted(
    simulator: RunningSimulator, model: str, changes: dict[str, Any]
) -> None:
    assert order(simulator, model, **changes).status_code == 200


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("virtualmodel-v2", "face_prompt"),
        ("wanx-poster-generation-v1", "body_text"),
        ("wanx-background-generation-v2", "ref_prompt"),
    ],
)
def test_moderation_reads_every_prompt(simulator: RunningSimulator, model: str, field: str) -> None:
    answer = order(simulator, model, input={field: "two guns"})

    assert (answer.status_code, answer.json()["code"]) == (400, "DataInspectionFailed")
