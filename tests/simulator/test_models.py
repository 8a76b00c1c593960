"""Every DashScope model: its endpoint, its way to answer, its pictures."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from simulator.dashscope_models import MODELS
from tests.simulator.orders import GOOD, PICTURE, order, said, send
from tests.simulator.running import RunningSimulator


def answered(simulator: RunningSimulator, model: str, **changes: Any) -> dict[str, Any]:
    """The whole final answer to a model's good order."""
    answer = order(simulator, model, **changes)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    if "task_id" in document["output"]:
        simulator.ended(document["output"]["task_id"])
        document = simulator.client.get(f"/api/v1/tasks/{document['output']['task_id']}").json()
    return document


def urls(output: dict[str, Any]) -> list[str]:
    if "choices" in output:
        content = [part for one in output["choices"] for part in one["message"]["content"]]
        return [part["image"] for part in content if "image" in part]
    if "output_image_url" in output:
        return [output["output_image_url"]]
    if "render_urls" in output:
        return list(output["render_urls"])
    return [result.get("url") or result["png_url"] for result in output.get("results", [])]


def test_there_is_a_good_order_for_every_model() -> None:
    assert set(GOOD) == set(MODELS)


@pytest.mark.parametrize("model", sorted(GOOD))
def test_a_good_order_is_answered_in_the_shape_of_its_model(
    simulator: RunningSimulator, model: str
) -> None:
    request = GOOD[model]
    document = answered(simulator, model)
    output = document["output"]
    key = {"image_url": "output_image_url", "png_svg": "results"}.get(request.shape, request.shape)

    assert key in output
    assert len(urls(output)) == request.images
    assert ("task_id" in output) is not request.waiting
    for url in urls(output):
        picture = simulator.anonymous.get(url)
        assert picture.status_code == 200
        Image.open(io.BytesIO(picture.content)).load()
    (task,) = simulator.ledger()["tasks"]
    assert (task["model"], task["images_charged"]) == (model, request.images)


@pytest.mark.parametrize("model", sorted(GOOD))
def test_a_retired_model_is_not_found(simulator: RunningSimulator, model: str) -> None:
    simulator.configure(retired=f"some-model,{model}")
    answer = order(simulator, model)

    assert (answer.status_code, answer.json()["code"]) == (404, "ModelNotFound")
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


BOTH_KINDS = ("wan2.2-t2i-flash", "wan2.2-t2i-plus")


@pytest.mark.parametrize("model", sorted(set(GOOD) - set(BOTH_KINDS)))
def test_the_other_kind_of_call_is_denied(simulator: RunningSimulator, model: str) -> None:
    request = GOOD[model]
    headers = {"X-DashScope-Async": "enable"} if request.waiting else {}
    answer = simulator.client.post(
        f"/api/v1/services/{request.path}", headers=headers, json=request.body(model)
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "AccessDenied")
    kind = "asynchronous" if request.waiting else "synchronous"
    assert answer.json()["message"].endswith(f"does not support {kind} calls")


@pytest.mark.parametrize("model", sorted(GOOD))
def test_another_models_endpoint_is_a_url_error(simulator: RunningSimulator, model: str) -> None:
    elsewhere = "aigc/wordart/texture" if model != "wordart-texture" else "aigc/wordart/semantic"
    answer = simulator.client.post(
        f"/api/v1/services/{elsewhere}",
        headers={"X-DashScope-Async": "enable"},
        json=GOOD[model].body(model),
    )

    assert answer.status_code == 400
    assert answer.json()["message"] == "url error, please check url!"


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("wanx-v1", {"image_count": 4}),
        ("facechain-facedetect", {"image_count": 2}),
        ("wan2.6-t2i", {"image_count": 4, "size": "1696*960", "total_tokens": 0}),
        ("qwen-image-2.0", {"image_count": 6, "width": 2048, "height": 2048}),
        (
            "qwen-image-3.0",
            {"output_image_count": 1, "output_width": 1536, "output_image_type": "qima_output_1k"},
        ),
        ("z-image-turbo", {"image_count": 1, "width": 1024, "height": 1536}),
    ],
)
def test_usage_is_told_in_the_words_of_the_model(
    simulator: RunningSimulator, model: str, usage: dict[str, Any]
) -> None:
    told = answered(simulator, model)["usage"]

    assert {name: told[name] for name in usage} == usage
    assert model != "qwen-image-3.0" or "image_count" not in told


def test_the_dearer_tier_of_qwen_image_3(simulator: RunningSimulator) -> None:
    usage = answered(simulator, "qwen-image-3.0", parameters={"size": "2048*2048"})["usage"]

    assert usage["output_image_type"] == "qima_output_2k"


def test_wan_tells_the_prompt_and_how_it_was_rewritten(simulator: RunningSimulator) -> None:
    rewritten = answered(simulator, "wan2.2-t2i-flash")["output"]["results"][0]
    plain = answered(simulator, "wan2.2-t2i-flash", parameters={"prompt_extend": False})

    assert rewritten["orig_prompt"] == "a cat"
    assert rewritten["actual_prompt"].startswith("a cat, ")
    assert set(plain["output"]["results"][0]) == {"url", "orig_prompt"}


def test_z_image_adds_its_prompt_as_text(simulator: RunningSimulator) -> None:
    (choice,) = answered(simulator, "z-image-turbo")["output"]["choices"]

    assert choice["message"]["content"][1] == {"text": "a flower shop"}
    assert choice["message"]["reasoning_content"] == ""


def test_wan_gives_each_picture_a_choice_and_qwen_all_of_them_one(
    simulator: RunningSimulator,
) -> None:
    wan = answered(simulator, "wan2.6-t2i")["output"]
    qwen = answered(simulator, "qwen-image-2.0")["output"]

    assert [len(choice["message"]["content"]) for choice in wan["choices"]] == [1, 1, 1, 1]
    assert wan["finished"] is True
    assert [len(choice["message"]["content"]) for choice in qwen["choices"]] == [6]


def test_style_repaint_says_more_and_draws_a_jpeg(simulator: RunningSimulator) -> None:
    output = answered(simulator, "wanx-style-repaint-v1")["output"]
    picture = simulator.anonymous.get(urls(output)[0])

    assert (output["error_code"], output["error_message"]) == (0, "Success")
    assert output["style_index"] == 0
    assert len(output["start_time"]) == len("2024-03-02 22:22:21")
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")


def test_a_vector_comes_along_with_word_art(simulator: RunningSimulator) -> None:
    (result,) = answered(simulator, "wordart-semantic")["output"]["results"]
    vector = simulator.anonymous.get(result["svg_url"])

    assert vector.headers["content-type"] == "image/svg+xml"
    assert vector.text.startswith("<?xml")
    assert 'viewBox="0 0 1280 720"' in vector.text


def test_a_segmentation_is_a_grey_mask_with_an_overlay(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    output = answered(simulator, "image-instance-segmentation")["output"]
    mask = Image.open(io.BytesIO(simulator.anonymous.get(output["output_image_url"]).content))
    overlay = Image.open(
        io.BytesIO(simulator.anonymous.get(output["output_vis_image_url"]).content)
    )

    assert mask.mode == "L"
    assert sorted(value for _, value in mask.getcolors() or []) == [0, 1, 2]
    assert (overlay.mode, overlay.size) == ("RGB", mask.size)


def test_a_poster_is_enlarged_from_its_draft(simulator: RunningSimulator) -> None:
    draft = answered(simulator, "wanx-poster-generation-v1")["output"]
    assert len(draft["auxiliary_parameters"]) == len(draft["bg_urls"]) == 2

    changes = {"generate_mode": "sr", "auxiliary_parameters": draft["auxiliary_parameters"][1]}
    larger = answered(simulator, "wanx-poster-generation-v1", input=changes)["output"]
    assert len(larger["render_urls"]) == 1
    assert "auxiliary_parameters" not in larger

    changes["auxiliary_parameters"] = "of somebody else"
    refused = order(simulator, "wanx-poster-generation-v1", input=changes)
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("model", "changes", "size"),
    [
        ("virtualmodel-v2", {}, (1024, 2048)),
        ("wordart-texture", {}, (1251, 704)),
        ("wordart-semantic", {"parameters": {"output_image_ratio": "720x1280"}}, (720, 1280)),
        ("image-out-painting", {"parameters": {"x_scale": 1.5}}, (1536, 1024)),
        ("image-out-painting", {"parameters": {"output_ratio": "16:9"}}, (1820, 1024)),
        ("image-out-painting", {"parameters": {"left_offset": 100}}, (1124, 1024)),
        ("z-image-turbo", {"parameters": {"size": "512*768"}}, (512, 768)),
    ],
)
def test_full_pictures_have_the_size_of_the_order(
    simulator: RunningSimulator, model: str, changes: dict[str, Any], size: tuple[int, int]
) -> None:
    simulator.configure(images="full")
    picture = simulator.anonymous.get(urls(answered(simulator, model, **changes)["output"])[0])

    assert Image.open(io.BytesIO(picture.content)).size == size


def test_the_task_list_names_the_endpoint_and_leaves_synchronous_calls_out(
    simulator: RunningSimulator,
) -> None:
    answered(simulator, "wanx-x-painting")
    answered(simulator, "z-image-turbo")
    (entry,) = simulator.client.get("/api/v1/tasks").json()["data"]

    assert entry["user_api_unique_key"] == (
        "apikey:v1:aigc:image2image:image-synthesis:wanx-x-painting"
    )


def test_qwen_image_3_takes_both_kinds_of_call(simulator: RunningSimulator) -> None:
    waiting = GOOD["qwen-image-3.0-pro"]
    answer = send(simulator, waiting, {"model": "qwen-image-3.0", "input": said()})

    assert len(urls(answer.json()["output"])) == 1
    assert PICTURE not in answer.text
