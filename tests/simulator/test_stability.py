"""Stability's first API, and what both of its APIs share: credits and the limit of requests."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until

V1_6 = "stable-diffusion-v1-6"
XL = "stable-diffusion-xl-1024-v1-0"
CORE = "/v2beta/stable-image/generate/core"


def order(
    simulator: RunningSimulator, engine: str = V1_6, accept: str = "application/json", **fields: Any
) -> httpx2.Response:
    body = {"text_prompts": [{"text": "a cat"}], **fields}
    path = f"/v1/generation/{engine}/text-to-image"
    return simulator.client.post(path, headers={"Accept": accept}, json=body)


def prompts(wanted: str, unwanted: str | None = None) -> list[dict[str, Any]]:
    first: dict[str, Any] = {"text": wanted, "weight": 1}
    return [first] if unwanted is None else [first, {"text": unwanted, "weight": -1}]


def refused(answer: httpx2.Response, status: int, name: str) -> str:
    """The message of an error that must have that status and name."""
    document = answer.json()
    assert (answer.status_code, document["name"]) == (status, name), document
    assert set(document) == {"id", "name", "message"}
    message: str = document["message"]
    return message


def balance(simulator: RunningSimulator) -> float:
    left: float = simulator.client.get("/v1/user/balance").json()["credits"]
    return left


def test_an_order_is_answered_with_artifacts(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    answer = order(simulator, samples=2, seed=7, height=320, width=384, style_preset="anime")

    assert answer.status_code == 200, answer.text
    artifacts = answer.json()["artifacts"]
    assert [one["finishReason"] for one in artifacts] == ["SUCCESS", "SUCCESS"]
    assert [one["seed"] for one in artifacts] == [7, 8]
    pictures = [Image.open(io.BytesIO(base64.b64decode(one["base64"]))) for one in artifacts]
    assert [picture.size for picture in pictures] == [(384, 320)] * 2
    assert pictures[0].tobytes() != pictures[1].tobytes()
    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_a_picture_comes_as_bytes_when_asked(simulator: RunningSimulator) -> None:
    answer = order(simulator, accept="image/png", seed=7)

    assert answer.headers["content-type"] == "image/png"
    assert (answer.headers["finish-reason"], answer.headers["seed"]) == ("SUCCESS", "7")
    assert Image.open(io.BytesIO(answer.content)).format == "PNG"
    refused(order(simulator, accept="image/png", samples=2), 400, "invalid_samples")
    refused(order(simulator, accept="text/html"), 400, "bad_request")


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("height", 500, "invalid_height_or_width"),
        ("width", 64, "invalid_height_or_width"),
        ("width", 1600, "invalid_height_or_width"),
        ("samples", 0, "invalid_samples"),
        ("samples", 11, "invalid_samples"),
        ("cfg_scale", 35.1, "bad_request"),
        ("clip_guidance_preset", "FAST", "bad_request"),
        ("sampler", "EULER", "bad_request"),
        ("seed", 4294967296, "bad_request"),
        ("steps", 9, "bad_request"),
        ("steps", 51, "bad_request"),
        ("style_preset", "Anime", "bad_request"),
        ("text_prompts", [], "bad_request"),
        ("text_prompts", [{"text": ""}], "bad_request"),
        ("text_prompts", [{"text": "x" * 2001}], "bad_request"),
        ("text_prompts", [{"text": "x", "weight": "1"}], "bad_request"),
        ("text_prompts", "a cat", "bad_request"),
    ],
)
def test_values_out_of_range_are_refused(
    simulator: RunningSimulator, field: str, value: Any, name: str
) -> None:
    assert field in refused(order(simulator, **{field: value}), 400, name)
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


@pytest.mark.parametrize(
    ("engine", "size", "name"),
    [
        (XL, (1152, 896), None),
        (XL, (512, 512), "invalid_sdxl_v1_dimensions"),
        ("stable-diffusion-512-v2-1", (512, 512), None),
        ("stable-diffusion-512-v2-1", (1024, 1088), "invalid_pixel_count"),
        ("stable-diffusion-768-v2-1", (768, 768), None),
        ("stable-diffusion-768-v2-1", (512, 512), "invalid_pixel_count"),
        ("stable-diffusion-xl-beta-v2-2-2", (896, 512), None),
        ("stable-diffusion-xl-beta-v2-2-2", (896, 576), "invalid_sdxl_v222_dimensions"),
    ],
)
def test_each_engine_has_its_sizes(
    simulator: RunningSimulator, engine: str, size: tuple[int, int], name: str | None
) -> None:
    answer = order(simulator, engine, width=size[0], height=size[1])
    if name is None:
        assert answer.status_code == 200, answer.text
    else:
        refused(answer, 400, name)


def test_unknown_and_retired_engines_are_not_found(simulator: RunningSimulator) -> None:
    assert "no-such" in refused(order(simulator, "no-such"), 404, "not_found")
    simulator.configure(retired=V1_6)
    refused(order(simulator), 404, "not_found")
    engines = simulator.client.get("/v1/engines/list").json()
    assert {V1_6, XL} <= {engine["id"] for engine in engines}


@pytest.mark.parametrize("key", [None, "Bearer nonsense", "Bearer sk-wrong", "sk-test"])
def test_wrong_keys(simulator: RunningSimulator, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": key}
    body = {"text_prompts": prompts("a cat")}
    path = f"/v1/generation/{V1_6}/text-to-image"
    refused(simulator.anonymous.post(path, json=body, headers=headers), 401, "unauthorized")
    answer = simulator.anonymous.post(CORE, files={"none": ""}, headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (401, "unauthorized")
    assert isinstance(answer.json()["errors"], list)


def test_filtered_words_are_refused_wanted_or_not(simulator: RunningSimulator) -> None:
    for texts in (prompts("a gun"), prompts("a cat", "a gun")):
        refused(order(simulator, text_prompts=texts), 400, "invalid_prompts")
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_a_filtered_picture_is_blurred_and_charged(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    texts = prompts("a bikini")
    artifacts = order(simulator, text_prompts=texts, samples=2, seed=1).json()["artifacts"]
    plain = order(simulator, text_prompts=texts, samples=3, seed=1).json()["artifacts"]

    assert [one["finishReason"] for one in artifacts] == ["SUCCESS", "CONTENT_FILTERED"]
    assert plain[1]["finishReason"] == "SUCCESS"
    assert artifacts[1]["base64"] != plain[1]["base64"]
    assert simulator.ledger()["totals"]["images_charged"] == 5


def test_a_picture_that_failed_is_free(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": {"kind": "partial", "images": 1}})
    before = balance(simulator)
    artifacts = order(simulator, samples=2).json()["artifacts"]

    assert [one["finishReason"] for one in artifacts] == ["SUCCESS", "ERROR"]
    assert simulator.ledger()["totals"]["images_charged"] == 1
    assert before - balance(simulator) == pytest.approx(0.9)


def test_credits_run_out(simulator: RunningSimulator) -> None:
    simulator.configure(credits=4.8)
    assert order(simulator, samples=2).status_code == 200
    assert balance(simulator) == 3.0
    assert simulator.client.post(CORE, files={"prompt": (None, "a cat")}).status_code == 200
    assert balance(simulator) == 0.0

    assert "not have enough balance" in refused(order(simulator), 429, "insufficient_balance")
    answer = simulator.client.post(CORE, files={"prompt": (None, "a cat")})
    assert (answer.status_code, answer.json()["name"]) == (402, "payment_required")
    assert "lack sufficient credits" in answer.json()["errors"][0]
    assert simulator.ledger()["totals"]["images_charged"] == 3


def test_credits_spent_outlive_a_restart(
    start: Callable[..., RunningSimulator], tmp_path: Path
) -> None:
    options = ("--journal", str(tmp_path / "journal"), "--generation-s", "0", "--credits", "10")
    first = start(*options)
    assert order(first, samples=2).status_code == 200
    first.kill()
    assert balance(start(*options)) == 8.2


def test_one_request_too_many_shuts_the_account_out(simulator: RunningSimulator) -> None:
    simulator.configure(burst=2, penalty_s=0.3)
    assert order(simulator).status_code == 200
    assert order(simulator, XL, width=1024, height=1024).status_code == 200
    refused(order(simulator), 429, "rate_limit_exceeded")

    # Both APIs are shut, other accounts are not.
    answer = simulator.client.post(CORE, files={"prompt": (None, "a cat")})
    assert (answer.status_code, answer.json()["name"]) == (429, "rate_limit_exceeded")
    other = {"Authorization": "Bearer sk-other"}
    answer = simulator.anonymous.post(CORE, files={"prompt": (None, "a cat")}, headers=other)
    assert answer.status_code == 200
    wait_until(lambda: order(simulator).status_code == 200, what="the end of the penalty")


def test_faults_come_in_the_vendors_form(simulator: RunningSimulator) -> None:
    error = {"kind": "error", "status": 403, "code": "permission_denied", "message": "no"}
    simulator.script(
        {"on": "create", "match": XL, "do": error},
        {"on": "create", "match": "a cat", "do": {"kind": "drop-after"}},
    )
    assert refused(order(simulator, XL), 403, "permission_denied") == "no"
    with pytest.raises(httpx2.RemoteProtocolError):
        order(simulator)
    assert simulator.ledger()["totals"]["images_charged"] == 1
