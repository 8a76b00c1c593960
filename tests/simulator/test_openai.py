"""OpenAI's own models: what they take, refuse and answer."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until

PATH = "/v1/images/generations"


def order(
    simulator: RunningSimulator, model: str = "gpt-image-1", **fields: Any
) -> httpx2.Response:
    return simulator.client.post(PATH, json={"model": model, "prompt": "a cat", **fields})


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The error, which must have that status and code."""
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), error
    assert {"message", "type", "param", "code"} <= set(error)
    return error


def opened(picture: dict[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(picture["b64_json"])))


def test_gpt_images_come_in_the_answer_with_their_usage(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    answer = order(simulator, n=2, size="1536x1024", quality="low", output_format="webp")

    assert answer.status_code == 200, answer.text
    document = answer.json()
    pictures = [opened(one) for one in document["data"]]
    assert [(one.format, one.size) for one in pictures] == [("WEBP", (1536, 1024))] * 2
    assert document["usage"]["output_tokens"] == 2 * 272
    assert document["usage"]["total_tokens"] > document["usage"]["output_tokens"]
    assert (document["size"], document["output_format"]) == ("1536x1024", "webp")
    assert answer.headers["x-request-id"].startswith("req_")
    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_dalle_gives_addresses_unless_asked_otherwise(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    document = order(simulator, "dall-e-2", n=2, size="256x256").json()
    first, second = (httpx2.get(one["url"]) for one in document["data"])
    assert Image.open(io.BytesIO(first.content)).size == (256, 256)
    assert first.content != second.content

    (one,) = order(simulator, "dall-e-3", response_format="b64_json").json()["data"]
    assert opened(one).size == (1024, 1024)
    assert one["revised_prompt"].startswith("a cat")


def test_addresses_expire(simulator: RunningSimulator) -> None:
    simulator.configure(url_ttl_s=0)
    (one,) = order(simulator, "dall-e-2").json()["data"]
    # Expiries are whole seconds.
    wait_until(lambda: httpx2.get(one["url"]).status_code == 403, what="the expiry")


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("gpt-image-1", "prompt", "x" * 32001),
        ("gpt-image-1", "n", 11),
        ("gpt-image-1", "n", 0),
        ("gpt-image-1", "size", "512x512"),
        ("gpt-image-1", "quality", "hd"),
        ("gpt-image-1", "background", "blue"),
        ("gpt-image-1", "moderation", "off"),
        ("gpt-image-1", "output_format", "gif"),
        ("gpt-image-1", "output_compression", 101),
        ("gpt-image-1", "stream", True),
        ("gpt-image-2", "size", "1000x1000"),
        ("gpt-image-2", "size", "3856x1600"),
        ("gpt-image-2", "size", "3840x1264"),
        ("gpt-image-2", "size", "512x512"),
        ("dall-e-2", "prompt", "x" * 1001),
        ("dall-e-2", "size", "1792x1024"),
        ("dall-e-3", "prompt", "x" * 4001),
        ("dall-e-3", "n", 2),
        ("dall-e-3", "style", "plain"),
    ],
)
def test_values_out_of_range_are_refused(
    simulator: RunningSimulator, model: str, field: str, value: Any
) -> None:
    error = refused(order(simulator, model, **{field: value}), 400, "invalid_value")
    assert error["type"] == "invalid_request_error"
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("gpt-image-1", "seed"),
        ("gpt-image-1", "negative_prompt"),
        ("gpt-image-1", "response_format"),
        ("dall-e-2", "style"),
        ("dall-e-3", "output_format"),
    ],
)
def test_fields_a_model_does_not_know_are_refused(
    simulator: RunningSimulator, model: str, field: str
) -> None:
    error = refused(order(simulator, model, **{field: "url"}), 400, "unknown_parameter")
    assert field in error["message"]


def test_values_that_exclude_each_other(simulator: RunningSimulator) -> None:
    both = {"background": "transparent", "output_format": "jpeg"}
    refused(order(simulator, **both), 400, "invalid_value")
    refused(order(simulator, output_compression=50), 400, "invalid_value")
    assert order(simulator, output_compression=50, output_format="jpeg").status_code == 200


def test_any_size_of_gpt_image_2(simulator: RunningSimulator) -> None:
    for size in ("auto", "1536x864", "3840x2160", "1424x480"):
        assert order(simulator, "gpt-image-2", size=size).status_code == 200


def test_what_is_no_order(simulator: RunningSimulator) -> None:
    refused(order(simulator, prompt=""), 400, "missing_required_parameter")
    refused(simulator.client.post(PATH, content=b"{"), 400, "invalid_value")
    refused(order(simulator, "gpt-image-9"), 404, "model_not_found")
    assert simulator.client.get(PATH).status_code == 404
    assert simulator.client.post("/v1/images/edits", json={}).status_code == 404
    simulator.configure(retired="gpt-image-1")
    refused(order(simulator), 404, "model_not_found")


@pytest.mark.parametrize("key", [None, "Bearer nonsense", "Bearer sk-wrong"])
def test_wrong_keys(simulator: RunningSimulator, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": key}
    body = {"model": "gpt-image-1", "prompt": "a cat"}
    answer = simulator.anonymous.post(PATH, json=body, headers=headers)
    refused(answer, 401, "invalid_api_key")


def test_too_many_requests_are_told_how_long_to_wait(simulator: RunningSimulator) -> None:
    simulator.configure(rate=0.4)
    assert order(simulator).status_code == 200
    answer = order(simulator)

    refused(answer, 429, "rate_limit_exceeded")
    headers = answer.headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("3", "2500")
    assert headers["x-ratelimit-remaining-images"] == "0"
    assert headers["x-ratelimit-reset-requests"] == "2.5s"


def test_content_is_refused(simulator: RunningSimulator) -> None:
    error = refused(order(simulator, prompt="a gun"), 400, "moderation_blocked")
    assert error["type"] == "image_generation_user_error"
    assert error["moderation_details"]["moderation_stage"] == "input"
    error = refused(order(simulator, prompt="a bikini", n=2), 400, "moderation_blocked")
    assert error["moderation_details"]["moderation_stage"] == "output"
    refused(order(simulator, "dall-e-3", prompt="a gun"), 400, "content_policy_violation")
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_bills_that_look_like_something_else_can_be_scripted(simulator: RunningSimulator) -> None:
    error = {"kind": "error", "message": "no money"}
    simulator.script(
        {"on": "create", "do": {**error, "status": 429, "code": "insufficient_quota"}},
        {"on": "create", "do": {**error, "status": 400, "code": "billing_hard_limit_reached"}},
        {"on": "create", "do": {"kind": "fail", "message": "no luck"}},
        {"on": "create", "do": {"kind": "drop-after"}},
    )
    assert refused(order(simulator), 429, "insufficient_quota")["type"] == "insufficient_quota"
    refused(order(simulator), 400, "billing_hard_limit_reached")
    assert order(simulator).status_code == 500
    assert simulator.ledger()["totals"]["images_charged"] == 0
    with pytest.raises(httpx2.RemoteProtocolError):
        order(simulator, n=2)
    assert simulator.ledger()["totals"]["images_charged"] == 2
