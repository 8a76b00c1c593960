"""Whether there is a face: asked and answered in one request, free of charge."""

from __future__ import annotations

import pytest

from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.model import Model
from tests.worker.dashscope_scene import REFUSALS, job
from tests.worker.wire import Play, Wire, answer, drop
from worker.providers.dashscope import DashScope
from worker.providers.port import Done, NoTaskList, NotSent, Refused

PICTURES = ["https://shop.example.com/in/a.png", "https://shop.example.com/in/b.png"]
ORDER = job(prompt="", parameters={"images": PICTURES})


@pytest.fixture
def detect() -> Model:
    return catalogue().find("facechain-facedetect", "dashscope")


def test_faces_are_asked_for_and_told_at_once(
    server: Wire, client: DashScope, detect: Model
) -> None:
    told = {"is_face": [True, False], "failed_reason": ["", "no face detected"]}
    server.plays(answer(200, {"output": told, "usage": {}, "request_id": "r"}))
    assert client.submit(ORDER, detect) == Done((), facts=told)
    heard = server.heard[0]
    assert heard.line == "POST /api/v1/services/vision/facedetection/detect HTTP/1.1"
    assert "X-DashScope-Async" not in heard.headers
    assert heard.document == {
        "model": "facechain-facedetect",
        "input": {"images": PICTURES},
        "parameters": {},
    }


def test_reasons_may_be_missing(server: Wire, client: DashScope, detect: Model) -> None:
    server.plays(answer(200, {"output": {"is_face": [False]}}))
    assert client.submit(ORDER, detect) == Done((), facts={"is_face": [False]})


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped"),
        pytest.param(answer(200, {"output": {"is_face": True}}), id="no list"),
        pytest.param(answer(502, b""), id="502 of a gateway"),
        pytest.param(answer(504, {"code": "GatewayTimeout", "message": ""}), id="504"),
    ],
)
def test_what_costs_nothing_may_be_asked_again(
    server: Wire, client: DashScope, detect: Model, play: Play
) -> None:
    server.plays(play)
    found = client.submit(ORDER, detect)
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.TRANSIENT
    assert found.failure.message


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_an_error_is_a_refusal(
    server: Wire, client: DashScope, detect: Model, play: Play, meaning: ErrorClass
) -> None:
    server.plays(play)
    found = client.submit(ORDER, detect)
    assert isinstance(found, Refused)
    assert found.failure.error_class is meaning


def test_withheld_it_is_not_sent_and_it_is_in_no_list(
    server: Wire, client: DashScope, detect: Model
) -> None:
    assert isinstance(client.submit(ORDER, detect, may_send=lambda: False), NotSent)
    assert client.list_tasks(detect, 0.0, 1.0, 1) == NoTaskList()
    assert server.heard == []
