"""Others who speak OpenAI's images API: Ark, SiliconFlow, a server of one's own."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.running import RunningSimulator

PATH = "/v1/images/generations"
ARK = "doubao-seedream-4-0-250828"
ARK_3 = "doubao-seedream-3-0-t2i-250415"
ARK_45 = "doubao-seedream-4-5-251128"
KOLORS = "Kwai-Kolors/Kolors"
SERIES = {
    "sequential_image_generation": "auto",
    "sequential_image_generation_options": {"max_images": 3},
}


def order(simulator: RunningSimulator, model: str, **fields: Any) -> httpx2.Response:
    return simulator.client.post(PATH, json={"model": model, "prompt": "a cat", **fields})


def data_uri(width: int, height: int) -> str:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def ark_refused(answer: httpx2.Response, status: int, code: str) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), error
    assert "Request id:" in error["message"]


def test_ark_gives_addresses_sizes_and_what_is_billed(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    document = order(simulator, ARK, size="1280x720").json()

    (one,) = document["data"]
    assert one["size"] == "1280x720"
    picture = Image.open(io.BytesIO(httpx2.get(one["url"]).content))
    assert (picture.format, picture.size) == ("JPEG", (1280, 720))
    assert document["usage"]["generated_images"] == 1
    assert document["model"] == ARK


def test_ark_is_served_under_its_own_path_with_any_key(simulator: RunningSimulator) -> None:
    body = {"model": ARK, "prompt": "a cat", "response_format": "b64_json"}
    headers = {"Authorization": "Bearer 0b7c0d5e-1234"}
    answer = simulator.anonymous.post("/api/v3/images/generations", json=body, headers=headers)
    assert base64.b64decode(answer.json()["data"][0]["b64_json"])
    ark_refused(simulator.anonymous.post(PATH, json=body), 401, "AuthenticationError")


def test_ark_draws_series_and_fails_each_picture_by_itself(simulator: RunningSimulator) -> None:
    document = order(simulator, ARK, prompt="a bikini", **SERIES).json()

    assert [set(one) for one in document["data"]] == [{"url", "size"}, {"url", "size"}, {"error"}]
    assert document["data"][2]["error"]["code"] == "OutputImageSensitiveContentDetected"
    assert document["usage"]["generated_images"] == 2
    assert simulator.ledger()["totals"]["images_charged"] == 2
    # There is no n.
    assert len(order(simulator, ARK, n=4).json()["data"]) == 1


def test_ark_refuses_content(simulator: RunningSimulator) -> None:
    answer = order(simulator, ARK, prompt="a gun")
    ark_refused(answer, 400, "InputTextSensitiveContentDetected")
    answer = order(simulator, ARK, prompt="a bikini")
    ark_refused(answer, 400, "OutputImageSensitiveContentDetected")


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (ARK, {"size": "8K"}),
        (ARK, {"size": "1024x768"}),
        (ARK, {"size": "16384x512"}),
        (ARK, {"seed": 1}),
        (ARK, {"watermark": "yes"}),
        (ARK, {"image": []}),
        (ARK, {"image": ["https://example.com/a.png"] * 15}),
        (ARK, {"image": "cat.png"}),
        (ARK, {"image": data_uri(8, 8)}),
        (ARK, {**SERIES, "sequential_image_generation_options": {"max_images": 16}}),
        (ARK_45, {"size": "1K"}),
        (ARK_45, {"size": "1280x720"}),
        (ARK_3, {"size": "2K"}),
        (ARK_3, {"size": "2064x512"}),
        (ARK_3, {"seed": 2147483648}),
        (ARK_3, {"guidance_scale": 10.5}),
        (ARK_3, {"image": "https://example.com/a.png"}),
        (ARK_3, SERIES),
    ],
)
def test_ark_refuses_values_out_of_range(
    simulator: RunningSimulator, model: str, fields: dict[str, Any]
) -> None:
    ark_refused(order(simulator, model, **fields), 400, "InvalidParameter")


def test_ark_takes_what_each_version_takes(simulator: RunningSimulator) -> None:
    for model, fields in (
        (ARK, {"size": "1K", "watermark": False, "image": data_uri(64, 64)}),
        (ARK, {"image": ["https://example.com/a.png"] * 14, **SERIES}),
        (ARK_45, {"size": "4K"}),
        (ARK_3, {"seed": -1, "guidance_scale": 2.5, "size": "512x2048"}),
    ):
        answer = order(simulator, model, **fields)
        assert answer.status_code == 200, answer.text


def test_ark_says_no_in_its_own_words(simulator: RunningSimulator) -> None:
    ark_refused(order(simulator, ARK, prompt=""), 400, "MissingParameter")
    ark_refused(order(simulator, "doubao-other"), 404, "InvalidEndpointOrModel.NotFound")
    simulator.configure(rate=1)
    order(simulator, ARK)
    ark_refused(order(simulator, ARK), 429, "ModelAccountIpmRateLimitExceeded")


def test_siliconflow_answers_with_images(simulator: RunningSimulator) -> None:
    fields = {"image_size": "960x1280", "batch_size": 2, "seed": 9999999999}
    answer = order(simulator, KOLORS, **fields)

    document = answer.json()
    assert [httpx2.get(one["url"]).status_code for one in document["images"]] == [200, 200]
    assert document["seed"] == 9999999999
    assert document["timings"]["inference"] >= 0
    assert answer.headers["x-siliconcloud-trace-id"]
    assert simulator.ledger()["totals"]["images_charged"] == 2


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"image_size": "512x512"},
        {"image_size": "1024x1024", "batch_size": 5},
        {"image_size": "1024x1024", "seed": 10000000000},
        {"image_size": "1024x1024", "num_inference_steps": 101},
        {"image_size": "1024x1024", "guidance_scale": 20.5},
    ],
)
def test_siliconflow_refuses_values_out_of_range(
    simulator: RunningSimulator, fields: dict[str, Any]
) -> None:
    answer = order(simulator, KOLORS, **fields)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["data"]) == (20015, None)


def test_siliconflow_says_no_in_its_own_words(simulator: RunningSimulator) -> None:
    size = {"image_size": "1024x1024"}
    assert order(simulator, KOLORS, prompt="a gun", **size).status_code == 451
    simulator.configure(retired=KOLORS)
    answer = order(simulator, KOLORS, **size)
    assert (answer.status_code, answer.json()["code"]) == (400, 20012)
    simulator.configure(retired="", rate=1)
    order(simulator, KOLORS, **size)
    answer = order(simulator, KOLORS, **size)
    assert (answer.status_code, answer.json()["code"]) == (429, None)
    assert "IPM limit reached" in answer.json()["message"]


def test_a_server_of_ones_own_wants_no_key_and_takes_any_model(
    simulator: RunningSimulator,
) -> None:
    simulator.configure(images="full")
    body = {
        "model": "black-forest-labs/FLUX.1-dev",
        "prompt": "a cat",
        "width": 320,
        "height": 256,
        "num_inference_steps": 20,
        "seed": 5,
        "unheard_of": True,
    }
    (one,) = simulator.anonymous.post(PATH, json=body).json()["data"]
    assert Image.open(io.BytesIO(base64.b64decode(one["b64_json"]))).size == (320, 256)
    body = {"model": "my-lora", "prompt": "a cat", "response_format": "url"}
    (one,) = simulator.anonymous.post(PATH, json=body).json()["data"]
    assert httpx2.get(one["url"]).status_code == 200

    answer = simulator.anonymous.post(PATH, json={**body, "size": "large"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_value")
