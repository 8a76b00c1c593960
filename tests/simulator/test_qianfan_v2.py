"""Baidu's second API: OpenAI's style, with sizes and errors of its own."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.running import RunningSimulator

PATH = "/v2/images/generations"
CAT = {"model": "irag-1.0", "prompt": "a cat"}


def order(simulator: RunningSimulator, **fields: Any) -> httpx2.Response:
    return simulator.client.post(PATH, json={**CAT, **fields})


def refused(answer: httpx2.Response, status: int, code: str) -> str:
    """The type of an error that must have that status and code."""
    document = answer.json()
    assert (answer.status_code, document["error"]["code"]) == (status, code), document
    assert document["id"].startswith("as-")
    kind: str = document["error"]["type"]
    return kind


def data_uri(width: int, height: int) -> str:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def test_pictures_come_by_address_and_load(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    document = order(simulator, n=2, size="640x512").json()

    assert document["id"].startswith("as-")
    pictures = [httpx2.get(one["url"]) for one in document["data"]]
    sizes = [Image.open(io.BytesIO(picture.content)).size for picture in pictures]
    assert sizes == [(640, 512)] * 2
    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_pictures_come_in_the_answer_when_asked(simulator: RunningSimulator) -> None:
    (one,) = order(simulator, response_format="b64_json").json()["data"]
    assert Image.open(io.BytesIO(base64.b64decode(one["b64_json"]))).format == "PNG"


def test_keys_of_the_second_api(simulator: RunningSimulator) -> None:
    def sent(key: str | None) -> httpx2.Response:
        headers = {} if key is None else {"Authorization": key}
        return simulator.anonymous.post(PATH, json=CAT, headers=headers)

    assert sent("Bearer bce-v3/ALTAK-abc/def").status_code == 200
    for key in (None, "Bearer nonsense", "Bearer bce-v3/wrong", "sk-test"):
        refused(sent(key), 401, "invalid_iam_token")


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("irag-1.0", "n", 5),
        ("irag-1.0", "n", 0),
        ("irag-1.0", "size", "511x512"),
        ("irag-1.0", "size", "2049x512"),
        ("irag-1.0", "size", "1024*1024"),
        ("irag-1.0", "seed", 4294967296),
        ("flux.1-schnell", "steps", 51),
        ("flux.1-schnell", "guidance", 30.5),
        ("qwen-image", "guidance", 20.5),
        ("qwen-image", "n", 2),
        ("qwen-image", "watermark", "no"),
        ("qwen-image", "negative_prompt", "x" * 501),
        ("irag-1.0", "prompt", ""),
    ],
)
def test_values_out_of_range_are_refused(
    simulator: RunningSimulator, model: str, field: str, value: Any
) -> None:
    kind = refused(order(simulator, **{"model": model, field: value}), 400, "invalid_argument")
    assert kind == "invalid_request_error"


@pytest.mark.parametrize(
    ("model", "longest"), [("irag-1.0", 220), ("flux.1-schnell", 512), ("qwen-image", 800)]
)
def test_each_model_has_its_longest_prompt(
    simulator: RunningSimulator, model: str, longest: int
) -> None:
    assert order(simulator, model=model, prompt="猫" * longest).status_code == 200
    answer = order(simulator, model=model, prompt="猫" * (longest + 1))
    refused(answer, 400, "characters_too_long")


def test_what_is_no_order(simulator: RunningSimulator) -> None:
    refused(simulator.client.post(PATH, content=b"{"), 400, "malformed_json")
    refused(order(simulator, model="no-such"), 400, "invalid_model")
    refused(simulator.client.get(PATH), 405, "method_not_supported")
    simulator.configure(retired="irag-1.0,other")
    refused(order(simulator), 400, "invalid_model")


def test_too_many_requests(simulator: RunningSimulator) -> None:
    simulator.configure(rate=1)
    assert order(simulator).status_code == 200
    kind = refused(order(simulator), 429, "rpm_rate_limit_exceeded")
    assert kind == "rate_limit_exceeded"
    # Each model is counted by itself.
    assert order(simulator, model="qwen-image").status_code == 200


def test_content_is_refused(simulator: RunningSimulator) -> None:
    assert refused(order(simulator, prompt="a gun"), 403, "system_unsafe") == "unsafe_request"
    refused(order(simulator, prompt="a bikini"), 403, "system_unsafe")
    assert len(order(simulator, prompt="a bikini", n=3).json()["data"]) == 2
    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_a_picture_to_draw_from_is_looked_at(simulator: RunningSimulator) -> None:
    made = order(simulator, refer_image=data_uri(256, 256))
    assert made.status_code == 200
    (inputs,) = [task["inputs"] for task in simulator.ledger()["tasks"]]
    assert inputs["refer_image"][0].startswith("data:")

    small = "invalid_image_genration_refer_image"
    refused(order(simulator, refer_image=data_uri(64, 64)), 400, small)
    refused(order(simulator, refer_image="cat.png"), 400, "invalid_image_url")
    lost = f"{simulator.url}/results/20260101/nothing.png"
    refused(order(simulator, refer_image=lost), 400, "invalid_image_url")


def test_faults_come_in_the_vendors_form(simulator: RunningSimulator) -> None:
    code = "image_genration_interal_error"
    simulator.script(
        {"on": "create", "do": {"kind": "error", "status": 500, "code": code}},
        {"on": "create", "do": {"kind": "fail", "message": "no luck"}},
        {"on": "create", "do": {"kind": "drop-after"}},
    )
    assert refused(order(simulator), 500, code) == "server_error"
    refused(order(simulator), 500, code)
    assert simulator.ledger()["totals"]["images_charged"] == 0
    with pytest.raises(httpx2.RemoteProtocolError):
        order(simulator)
    assert simulator.ledger()["totals"]["images_charged"] == 1
