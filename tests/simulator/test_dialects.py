"""What every vendor's dialect has in common: faults, charges, held connections."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest

from tests.simulator.qianfan_orders import PATH as QIANFAN
from tests.simulator.qianfan_orders import token
from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until

CAT = {"prompt": "a cat"}
Send = Callable[[RunningSimulator], httpx2.Response]


def _qianfan(simulator: RunningSimulator) -> httpx2.Response:
    access = {"access_token": token(simulator)}
    return simulator.client.post(QIANFAN, params=access, json=CAT)


def _stability(simulator: RunningSimulator) -> httpx2.Response:
    body = {"text_prompts": [{"text": "a cat"}]}
    path = "/v1/generation/stable-diffusion-v1-6/text-to-image"
    return simulator.client.post(path, json=body)


def _stability_v2(simulator: RunningSimulator) -> httpx2.Response:
    form = {"prompt": (None, "a cat")}
    return simulator.client.post("/v2beta/stable-image/generate/core", files=form)


def _json(path: str, **fields: str) -> Send:
    return lambda simulator: simulator.client.post(path, json={**CAT, **fields})


ORDERS: dict[str, Send] = {
    "sd_xl": _qianfan,
    "irag-1.0": _json("/v2/images/generations", model="irag-1.0"),
    "stable-diffusion-v1-6": _stability,
    "stable-image-core": _stability_v2,
    "gpt-image-1": _json("/v1/images/generations", model="gpt-image-1"),
    "doubao-seedream-4-0-250828": _json(
        "/v1/images/generations", model="doubao-seedream-4-0-250828"
    ),
    "Kwai-Kolors/Kolors": _json(
        "/v1/images/generations", model="Kwai-Kolors/Kolors", image_size="1024x1024"
    ),
    "my-own": _json("/v1/images/generations", model="my-own"),
}
each = pytest.mark.parametrize("model", list(ORDERS))


def charged(simulator: RunningSimulator) -> int:
    images: int = simulator.ledger()["totals"]["images_charged"]
    return images


@each
def test_an_order_is_counted_once_with_model_and_prompt(
    simulator: RunningSimulator, model: str
) -> None:
    answer = ORDERS[model](simulator)

    assert answer.status_code == 200, answer.text
    (task,) = simulator.ledger()["tasks"]
    assert (task["model"], task["prompt"], task["n"]) == (model, "a cat", 1)
    assert (task["state"], task["images_charged"]) == ("SUCCEEDED", 1)


@each
def test_a_dropped_order_is_free_and_a_lost_answer_is_not(
    simulator: RunningSimulator, model: str
) -> None:
    simulator.script(
        {"on": "create", "match": model, "do": {"kind": "drop"}},
        {"on": "create", "match": "a cat", "do": {"kind": "drop-after"}},
    )
    with pytest.raises(httpx2.RemoteProtocolError):
        ORDERS[model](simulator)
    assert charged(simulator) == 0
    with pytest.raises(httpx2.RemoteProtocolError):
        ORDERS[model](simulator)
    assert charged(simulator) == 1


@each
def test_garbage_is_no_json_and_free(simulator: RunningSimulator, model: str) -> None:
    simulator.script({"on": "create", "do": {"kind": "garbage"}})
    answer = ORDERS[model](simulator)

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert charged(simulator) == 0


@each
def test_a_scripted_error_keeps_its_status_headers_and_words(
    simulator: RunningSimulator, model: str
) -> None:
    error = {"kind": "error", "status": 503, "code": "busy", "message": "come back later"}
    simulator.script({"on": "create", "do": {**error, "headers": {"Retry-After": "3"}}})
    answer = ORDERS[model](simulator)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "come back later" in answer.text
    assert charged(simulator) == 0


@each
def test_an_order_that_fails_is_free(simulator: RunningSimulator, model: str) -> None:
    simulator.script({"on": "create", "do": {"kind": "fail", "message": "no luck"}})
    ORDERS[model](simulator)

    assert charged(simulator) == 0
    assert simulator.ledger()["totals"]["tasks_by_state"]["FAILED"] == 1


@each
def test_a_client_that_does_not_wait_has_paid(simulator: RunningSimulator, model: str) -> None:
    simulator.configure(generation_s=0.5, generation_sigma=0.0)
    simulator.client.timeout = httpx2.Timeout(0.2)
    try:
        with pytest.raises(httpx2.ReadTimeout):
            ORDERS[model](simulator)
    finally:
        simulator.client.timeout = httpx2.Timeout(20)
    wait_until(lambda: charged(simulator) == 1, what="the charge")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (QIANFAN, {"prompt": "HALF"}),
        ("/v2/images/generations", {"model": "irag-1.0", "prompt": "HALF"}),
        ("/v1/images/generations", {"model": "gpt-image-1", "prompt": "HALF"}),
        (
            "/v1/generation/stable-diffusion-v1-6/text-to-image",
            {"text_prompts": [{"text": "HALF"}]},
        ),
    ],
)
def test_half_a_character_is_no_text(
    simulator: RunningSimulator, path: str, body: dict[str, object]
) -> None:
    content = json.dumps(body).replace("HALF", "\\uD83D").encode()
    answer = simulator.client.post(path, params={"access_token": token(simulator)}, content=content)

    assert answer.status_code in (200, 400)
    assert "error" in answer.text or "bad_request" in answer.text
    assert charged(simulator) == 0
