"""Stability's second API: a form in, one picture out, as bytes or as JSON."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.running import RunningSimulator

PATH = "/v2beta/stable-image/generate/"
JSON = "application/json"


def order(
    simulator: RunningSimulator, path: str = "core", accept: str = JSON, **fields: Any
) -> httpx2.Response:
    """Send a form; bytes are sent as a file."""
    form = {
        name: ("image.png", value) if isinstance(value, bytes) else (None, str(value))
        for name, value in {"prompt": "a cat", **fields}.items()
    }
    return simulator.client.post(PATH + path, headers={"Accept": accept}, files=form)


def refused(answer: httpx2.Response, status: int, name: str) -> list[str]:
    """The errors of an answer that must have that status and name."""
    document = answer.json()
    assert (answer.status_code, document["name"]) == (status, name), document
    assert set(document) == {"id", "name", "errors"}
    errors: list[str] = document["errors"]
    return errors


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).save(out, "PNG")
    return out.getvalue()


def test_json_holds_picture_seed_and_reason(simulator: RunningSimulator) -> None:
    answer = order(simulator, seed=7)

    assert answer.headers["content-type"].startswith(JSON)
    document = answer.json()
    assert (document["seed"], document["finish_reason"]) == (7, "SUCCESS")
    assert opened(base64.b64decode(document["image"])).format == "PNG"


def test_bytes_come_with_headers(simulator: RunningSimulator) -> None:
    answer = order(simulator, accept="image/*", seed=7, output_format="webp")

    assert answer.headers["content-type"] == "image/webp"
    assert (answer.headers["finish-reason"], answer.headers["seed"]) == ("SUCCESS", "7")
    assert answer.headers["x-request-id"]
    assert opened(answer.content).format == "WEBP"
    # Bytes are what comes when nothing else is asked for.
    assert order(simulator, accept="*/*").headers["content-type"] == "image/png"
    refused(order(simulator, accept="text/html"), 400, "bad_request")


@pytest.mark.parametrize(
    ("path", "ratio", "size"),
    [
        ("ultra", "1:1", (1024, 1024)),
        ("ultra", "21:9", (1536, 640)),
        ("core", "1:1", (1216, 1216)),
        ("sd3", "9:16", (768, 1344)),
    ],
)
def test_the_aspect_ratio_makes_the_size(
    simulator: RunningSimulator, path: str, ratio: str, size: tuple[int, int]
) -> None:
    simulator.configure(images="full")
    answer = order(simulator, path, "image/*", aspect_ratio=ratio, output_format="jpeg")
    assert (opened(answer.content).format, opened(answer.content).size) == ("JPEG", size)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (None, "sd3.5-large"),
        ("sd3.5-flash", "sd3.5-flash"),
        ("sd3-medium", "sd3.5-medium"),
        ("sd3-large-turbo", "sd3.5-large-turbo"),
    ],
)
def test_models_of_sd3(simulator: RunningSimulator, model: str | None, name: str) -> None:
    fields = {} if model is None else {"model": model}
    assert order(simulator, "sd3", **fields).status_code == 200
    assert [task["model"] for task in simulator.ledger()["tasks"]] == [name]


@pytest.mark.parametrize(("path", "cost"), [("core", 3.0), ("ultra", 8.0), ("sd3", 6.5)])
def test_what_a_picture_costs(simulator: RunningSimulator, path: str, cost: float) -> None:
    simulator.configure(credits=100)
    assert order(simulator, path).status_code == 200
    assert simulator.client.get("/v1/user/balance").json() == {"credits": 100 - cost}


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("core", "prompt", ""),
        ("core", "prompt", "x" * 10001),
        ("core", "negative_prompt", "x" * 10001),
        ("core", "aspect_ratio", "4:3"),
        ("core", "seed", "4294967295"),
        ("core", "seed", "-1"),
        ("core", "seed", "1.5"),
        ("core", "output_format", "gif"),
        ("core", "style_preset", "Anime"),
        ("sd3", "output_format", "webp"),
        ("sd3", "model", "sd4"),
        ("sd3", "cfg_scale", "0.9"),
        ("sd3", "cfg_scale", "10.1"),
        ("sd3", "mode", "edit"),
        ("sd3", "mode", "image-to-image"),
        ("ultra", "strength", "0.5"),
    ],
)
def test_values_out_of_range_are_refused(
    simulator: RunningSimulator, path: str, field: str, value: str
) -> None:
    errors = refused(order(simulator, path, **{field: value}), 400, "bad_request")
    assert any(field in error or "image" in error for error in errors)
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


def test_all_mistakes_are_told_at_once(simulator: RunningSimulator) -> None:
    answer = order(simulator, "sd3", model="sd3.5-large-turbo", seed="x", negative_prompt="dog")
    errors = refused(answer, 400, "bad_request")
    assert [error.partition(":")[0] for error in errors] == ["negative_prompt", "seed"]


def test_a_picture_to_begin_with(simulator: RunningSimulator) -> None:
    simulator.configure(images="full")
    answer = order(simulator, "ultra", "image/*", image=png(256, 192), strength=0.6)
    assert opened(answer.content).size == (256, 192)
    edits: dict[str, Any] = {"mode": "image-to-image", "strength": 0.6}
    assert order(simulator, "sd3", image=png(64, 64), **edits).status_code == 200

    refused(order(simulator, "ultra", image=png(64, 64)), 400, "bad_request")
    refused(order(simulator, "ultra", image=b"nonsense", strength=0.6), 400, "bad_request")
    refused(order(simulator, "sd3", image=png(64, 64), strength=0.6), 400, "bad_request")
    answer = order(simulator, "sd3", image=png(64, 64), aspect_ratio="1:1", **edits)
    refused(answer, 400, "bad_request")


def test_only_a_form_is_taken(simulator: RunningSimulator) -> None:
    for answer in (
        simulator.client.post(PATH + "core", json={"prompt": "a cat"}),
        simulator.client.post(PATH + "core", data={"prompt": "a cat"}),
    ):
        assert "multipart/form-data" in refused(answer, 400, "bad_request")[0]
    refused(simulator.client.post(PATH + "other", files={"none": ""}), 404, "not_found")
    refused(order(simulator, rest=bytes(10 * 1024 * 1024)), 413, "payload_too_large")


def test_content_is_refused_and_free(simulator: RunningSimulator) -> None:
    refused(order(simulator, prompt="a gun"), 403, "content_moderation")
    refused(order(simulator, prompt="一只猫"), 422, "invalid_language")
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_a_filtered_picture_is_charged(simulator: RunningSimulator) -> None:
    simulator.configure(credits=10)
    document = order(simulator, prompt="a bikini").json()

    assert document["finish_reason"] == "CONTENT_FILTERED"
    assert document["image"]
    assert simulator.ledger()["totals"]["images_charged"] == 1
    assert simulator.client.get("/v1/user/balance").json() == {"credits": 7.0}


def test_faults_come_in_the_vendors_form(simulator: RunningSimulator) -> None:
    simulator.script(
        {"on": "create", "do": {"kind": "error", "status": 500, "code": "internal_error"}},
        {"on": "create", "do": {"kind": "fail", "message": "no luck"}},
        {"on": "create", "do": {"kind": "drop-after"}},
    )
    refused(order(simulator), 500, "internal_error")
    assert refused(order(simulator), 500, "internal_error") == ["no luck"]
    assert simulator.ledger()["totals"]["images_charged"] == 0
    with pytest.raises(httpx2.RemoteProtocolError):
        order(simulator)
    assert simulator.ledger()["totals"]["images_charged"] == 1


def test_a_retired_model_is_gone(simulator: RunningSimulator) -> None:
    simulator.configure(retired="stable-image-core")
    refused(order(simulator), 404, "not_found")
    assert order(simulator, "ultra").status_code == 200
