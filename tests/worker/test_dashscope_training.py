"""Training a person's likeness is ordered: the file first, then the job."""

from __future__ import annotations

import base64
import io
import re
import zipfile

import pytest

from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.model import Model
from tests.worker.dashscope_scene import KEY, REFUSALS, TICKET, job, state
from tests.worker.wire import Heard, Play, Wire, answer, drop, drop_midway
from worker.providers.dashscope import DashScope
from worker.providers.port import (
    Accepted,
    NotSent,
    Refused,
    Unanswered,
)

FIRST, SECOND = b"\x89PNG first", b"\xff\xd8\xff second"
URL = "https://shop.example.com/in/me.jpg?Expires=1&Signature=secret"
UPLOADED = answer(
    200,
    {
        "request_id": "r",
        "data": {
            "uploaded_files": [{"file_id": "9G2EaQtq", "name": "x.zip"}],
            "failed_uploads": [],
        },
    },
)


def data_uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def trained_from(*pictures: str) -> Job:
    return job(prompt="", parameters={"images": list(pictures)})


def file_of(heard: Heard) -> dict[str, bytes]:
    """The pictures within the zip file of a multipart request."""
    head, _, rest = heard.body.partition(b"PK\x03\x04")
    assert b'name="files"; filename="' in head or b'name="files"; filename="' in rest
    with zipfile.ZipFile(io.BytesIO(b"PK\x03\x04" + rest)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def finetune() -> Model:
    return catalogue().find("facechain-finetune", "dashscope")


def test_pictures_become_a_file_and_the_file_a_job(
    server: Wire, client: DashScope, finetune: Model
) -> None:
    server.plays(UPLOADED, state("PENDING"))
    order = trained_from(data_uri(FIRST), data_uri(SECOND, "image/jpeg"))
    assert client.submit(order, finetune) == Accepted(TICKET)
    file, create = server.heard
    assert file.line == "POST /api/v1/files HTTP/1.1"
    assert file.headers["Authorization"] == f"Bearer {KEY}"
    assert file.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert re.search(rb'name="purpose"\r\n\r\nfine-tune\r\n', file.body)
    assert file_of(file) == {"01.png": FIRST, "02.jpeg": SECOND}
    assert create.line == "POST /api/v1/fine-tunes HTTP/1.1"
    assert "X-DashScope-Async" not in create.headers
    assert create.document == {"model": "facechain-finetune", "training_file_ids": ["9G2EaQtq"]}


def test_pictures_with_an_address_are_not_handed_over(
    server: Wire, client: DashScope, finetune: Model
) -> None:
    server.plays(state("PENDING"), UPLOADED, state("PENDING"))
    assert client.submit(trained_from(URL), finetune) == Accepted(TICKET)
    assert server.heard[0].document["training_file_ids"] == [URL]
    client.submit(trained_from(data_uri(FIRST), URL), finetune)
    assert server.heard[2].document["training_file_ids"] == [URL, "9G2EaQtq"]


def test_an_order_that_comes_back_hands_its_file_over_once(
    server: Wire, client: DashScope, finetune: Model
) -> None:
    throttled = answer(429, {"code": "Throttling.RateQuota", "message": "limit"})
    server.plays(UPLOADED, throttled, state("PENDING"), UPLOADED, state("PENDING"))
    order = trained_from(data_uri(FIRST))
    assert isinstance(client.submit(order, finetune), Refused)
    assert client.submit(order, finetune) == Accepted(TICKET)
    client.submit(trained_from(data_uri(SECOND)), finetune)
    paths = [heard.target.rsplit("/", 1)[1] for heard in server.heard]
    assert paths == ["files", "fine-tunes", "fine-tunes", "files", "fine-tunes"]


def test_a_file_that_may_be_gone_is_handed_over_again(
    server: Wire, client: DashScope, finetune: Model
) -> None:
    gone = answer(400, {"code": "InvalidParameter", "message": "File not found."})
    server.plays(UPLOADED, gone, UPLOADED, state("PENDING"))
    order = trained_from(data_uri(FIRST))
    assert isinstance(client.submit(order, finetune), Refused)
    assert client.submit(order, finetune) == Accepted(TICKET)
    assert len(server.heard) == 4


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped before the answer"),
        pytest.param(drop_midway, id="dropped within the answer"),
        pytest.param(answer(200, {"data": {"uploaded_files": []}}), id="no file id"),
        pytest.param(answer(200, {"data": {"uploaded_files": [7]}}), id="no file"),
        pytest.param(answer(502, b"Bad Gateway"), id="502 of a gateway"),
        pytest.param(answer(504, {"code": "GatewayTimeout", "message": ""}), id="504"),
    ],
)
def test_a_file_that_may_not_have_arrived_orders_nothing(
    server: Wire, client: DashScope, finetune: Model, play: Play
) -> None:
    server.plays(play)
    assert isinstance(client.submit(trained_from(data_uri(FIRST)), finetune), NotSent)
    assert len(server.heard) == 1


def test_a_file_that_is_not_taken_is_a_refusal(
    server: Wire, client: DashScope, finetune: Model
) -> None:
    failed = {"name": "x.zip", "code": "BadRequest.TooLarge", "message": "Out of space"}
    server.plays(answer(200, {"data": {"uploaded_files": [], "failed_uploads": [failed]}}))
    found = client.submit(trained_from(data_uri(FIRST)), finetune)
    assert isinstance(found, Refused)
    assert (found.failure.code, found.failure.message) == ("BadRequest.TooLarge", "Out of space")
    assert len(server.heard) == 1


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_an_error_is_a_refusal(
    server: Wire, client: DashScope, finetune: Model, play: Play, meaning: ErrorClass
) -> None:
    server.plays(play, UPLOADED, play, play)
    for order in (trained_from(URL), trained_from(data_uri(FIRST))):
        found = client.submit(order, finetune)
        assert isinstance(found, Refused)
        assert found.failure.error_class is meaning
    polled = client.poll(TICKET)
    assert isinstance(polled, Refused)
    assert polled.failure.error_class is meaning


@pytest.mark.parametrize("play", [drop, drop_midway, answer(200, {"output": {}}), answer(502, b"")])
def test_a_job_whose_answer_was_lost_may_have_been_created(
    server: Wire, client: DashScope, finetune: Model, play: Play
) -> None:
    server.plays(UPLOADED, play)
    assert isinstance(client.submit(trained_from(data_uri(FIRST)), finetune), Unanswered)


def test_held_up_before_or_after_the_file_nothing_is_ordered(
    server: Wire, client: DashScope, finetune: Model
) -> None:
    server.plays(UPLOADED)
    order = trained_from(data_uri(FIRST))
    assert isinstance(client.submit(order, finetune, may_send=lambda: False), NotSent)
    assert server.heard == []
    answers = iter([True, False])
    found = client.submit(order, finetune, may_send=lambda: next(answers))
    assert isinstance(found, NotSent)
    assert [heard.target for heard in server.heard] == ["/api/v1/files"]


@pytest.mark.parametrize(
    "picture",
    [
        "inputs/aa/0123.png",
        "data:image/png,plain",
        "data:image/png;base64,",
        "data:image/png;base64,%",
    ],
)
def test_what_is_no_picture_is_refused_here(
    server: Wire, client: DashScope, finetune: Model, picture: str
) -> None:
    found = client.submit(trained_from(URL, picture), finetune)
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.INVALID
    assert "picture 2" in found.failure.message
    assert isinstance(client.submit(trained_from(), finetune), Refused)
    assert server.heard == []
