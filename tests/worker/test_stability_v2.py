"""Stability's second API: forms, one picture an order."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.failure import ErrorClass
from tests.worker.stability_scene import (
    KEY,
    PICTURE,
    PROMPT,
    REFUSALS,
    FormPart,
    b64,
    errors,
    form_of,
    job,
    model,
    stability,
)
from tests.worker.wire import Play, Wire, answer, drop
from worker.providers.port import Done, InlinePicture, Refused, SubmitAnswer, Unanswered

DATA_URI = f"data:image/jpeg;base64,{b64(b'jpeg bytes')}"


def image(reason: str = "SUCCESS", **fields: Any) -> Play:
    return answer(200, {"image": b64(), "seed": 343940597, "finish_reason": reason, **fields})


def order(server: Wire, play: Play, service: str = "core", **changes: Any) -> SubmitAnswer:
    server.plays(play)
    known = {name: changes.pop(name) for name in ("wire_name", "constants") if name in changes}
    with stability(server.url) as client:
        return client.submit(job(**changes), model(service, **known))


def field(text: str) -> FormPart:
    return FormPart(text.encode(), None, None)


def test_an_order_is_a_form_even_without_files(server: Wire) -> None:
    parameters = {"aspect_ratio": "16:9", "seed": 42}
    order(
        server,
        image(),
        parameters=parameters,
        negative_prompt="blurry",
        constants={"output_format": "png"},
    )
    (heard,) = server.heard
    assert heard.line == "POST /v2beta/stable-image/generate/core HTTP/1.1"
    assert heard.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert heard.headers["Accept"] == "application/json"
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert form_of(heard) == {
        "output_format": field("png"),
        "prompt": field(PROMPT),
        "negative_prompt": field("blurry"),
        "aspect_ratio": field("16:9"),
        "seed": field("42"),
    }


def test_a_prompt_alone_is_a_form_too(server: Wire) -> None:
    order(server, image())
    assert form_of(server.heard[0]) == {"prompt": field(PROMPT)}


def test_the_family_of_three_is_told_which_of_its_models_draws(server: Wire) -> None:
    order(server, image(), "sd3", wire_name="sd3.5-large-turbo")
    assert form_of(server.heard[0])["model"] == field("sd3.5-large-turbo")
    assert "mode" not in form_of(server.heard[0])


@pytest.mark.parametrize("service", ["ultra", "sd3"])
def test_a_picture_is_sent_as_a_file(server: Wire, service: str) -> None:
    order(server, image(), service, parameters={"image": DATA_URI, "strength": 0.5})
    found = form_of(server.heard[0])
    assert found["image"] == FormPart(b"jpeg bytes", "image.jpeg", "image/jpeg")
    assert found["strength"] == field("0.5")
    assert ("mode" in found) == (service == "sd3")
    if service == "sd3":
        assert found["mode"] == field("image-to-image")


@pytest.mark.parametrize("address", ["https://a.test/b.png?Signature=x", "data:image/png,raw"])
def test_a_picture_known_by_its_address_only_is_not_ordered(server: Wire, address: str) -> None:
    found = order(server, image(), "ultra", parameters={"image": address, "strength": 0.5})
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.INVALID
    assert "image" in found.failure.message
    assert "Signature" not in found.failure.message
    assert server.heard == []


@pytest.mark.parametrize(
    "prompt",
    [
        'a "quoted" \\ one',
        "two\r\n--boundary\r\nlines",
        "half a character \ud83d",
        "一只猫",
        "true",
    ],
)
def test_a_prompt_arrives_as_it_is(server: Wire, prompt: str) -> None:
    order(server, image(), prompt=prompt)
    expected = prompt.encode(errors="replace")
    assert form_of(server.heard[0])["prompt"].data.replace(b"\r\n", b"\n") == expected.replace(
        b"\r\n", b"\n"
    )


def test_the_picture_comes_with_its_seed(server: Wire) -> None:
    found = order(server, image())
    assert found == Done((InlinePicture(1, PICTURE),), facts={"seeds": [343940597]})


def test_a_filtered_picture_is_billed_and_not_stored(server: Wire) -> None:
    found = order(server, image("CONTENT_FILTERED"))
    assert isinstance(found, Done)
    assert found.pictures == ()
    (failure,) = found.failures
    assert (failure.error_class, failure.index) == (ErrorClass.MODERATED, 1)
    assert found.charged == 1


def test_bytes_are_taken_where_no_json_came(server: Wire) -> None:
    headers = {"Content_Type": "image/webp", "Finish_Reason": "CONTENT_FILTERED", "Seed": "7"}
    found = order(server, answer(200, PICTURE, **headers))
    assert isinstance(found, Done)
    assert (found.pictures, found.charged, found.facts) == ((), 1, {"seeds": [7]})


@pytest.mark.parametrize("play", [drop, answer(200, b""), answer(200, {}), answer(503, b"busy")])
def test_an_order_without_a_sensible_answer_may_have_been_paid_for(
    server: Wire, play: Play
) -> None:
    assert isinstance(order(server, play), Unanswered)


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_an_error_is_a_refusal(server: Wire, play: Play, meaning: ErrorClass) -> None:
    found = order(server, play)
    assert isinstance(found, Refused)
    assert found.failure.error_class is meaning


def test_all_that_is_wrong_is_told(server: Wire) -> None:
    found = order(server, errors(400, "bad_request", "prompt: too long", f"{PROMPT}: no"))
    assert isinstance(found, Refused)
    assert found.failure.message == "prompt: too long; ...: no"
