"""Qianfan V1: what an order says on the wire, and what its answers mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas.clock import SystemClock
from schemas.failure import ErrorClass
from schemas.parameter import Kind, Parameter
from tests.shared_token import ProcessToken
from tests.worker.qianfan_scene import (
    ACCESS,
    OAUTH_PATH,
    PATH,
    PICTURE,
    PROMPT,
    SECRET,
    TOKEN,
    b64,
    client,
    drawn,
    job,
    model,
    refused,
    token_answer,
)
from tests.worker.wire import (
    Play,
    Wire,
    answer,
    drop,
    drop_midway,
    endless,
    refused_port,
    silent_until,
)
from worker.connection import open_http
from worker.providers.port import (
    Done,
    InlinePicture,
    NoTaskList,
    NotSent,
    Refused,
    TaskUnknown,
    TooLate,
    Unanswered,
)
from worker.providers.qianfan import Credentials, Qianfan
from worker.providers.qianfan_signature import KeyPair


@pytest.fixture
def qianfan(server: Wire) -> Iterator[Qianfan]:
    """A client whose token is there already."""
    shared = ProcessToken()
    opened = client(server.url, shared)
    server.plays(token_answer(), drawn({"b64_image": b64(), "index": 1}))
    assert isinstance(opened.submit(job(), model()), Done)
    server.heard.clear()
    yield opened
    opened.close()


def test_an_order_is_sent_as_the_vendor_documents_it(server: Wire, qianfan: Qianfan) -> None:
    server.plays(drawn({"b64_image": b64(), "index": 1}))
    parameters = {"size": "1024x1024", "steps": 20, "sampler_index": "DPM++ SDE Karras"}
    qianfan.submit(job(parameters=parameters, negative_prompt="white", n=2), model())
    (heard,) = server.heard
    target = urlsplit(heard.target)
    assert heard.line.startswith("POST ")
    assert target.path == PATH
    assert parse_qs(target.query) == {"access_token": [TOKEN]}
    assert heard.headers["Content-Type"] == "application/json"
    assert "Authorization" not in heard.headers
    assert heard.document == {
        "prompt": PROMPT,
        "negative_prompt": "white",
        "size": "1024x1024",
        "steps": 20,
        "sampler_index": "DPM++ SDE Karras",
        "n": 2,
    }


def test_what_the_catalogue_does_not_know_lies_beside_the_rest(
    server: Wire, qianfan: Qianfan
) -> None:
    server.plays(drawn({"b64_image": b64(), "index": 1}))
    qianfan.submit(job(parameters={"user_id": "u-1"}), model())
    assert server.heard[0].document == {"user_id": "u-1", "prompt": PROMPT, "n": 1}


def test_a_parameter_goes_to_the_place_the_catalogue_gives_it(
    server: Wire, qianfan: Qianfan
) -> None:
    server.plays(drawn({"b64_image": b64(), "index": 1}))
    renamed = Parameter(kind=Kind.NUMBER, doc="d", place="", sent_as="cfg_scale")
    other = model(parameters={"guidance": renamed}, wire_name="sd_xl_2")
    qianfan.submit(job(parameters={"guidance": 5.5}), other)
    assert server.heard[0].document["cfg_scale"] == 5.5
    assert urlsplit(server.heard[0].target).path.endswith("/text2image/sd_xl_2")


def test_pictures_come_under_the_providers_numbers(server: Wire, qianfan: Qianfan) -> None:
    server.plays(drawn({"b64_image": b64(b"two"), "index": 2}, {"b64_image": b64(), "index": 1}))
    found = qianfan.submit(job(n=2), model())
    assert found == Done((InlinePicture(2, b"two"), InlinePicture(1, PICTURE)))


@pytest.mark.parametrize("indexes", [(0, 1), (1, 1), ("1", "2"), (True, 2), (None, None)])
def test_numbers_that_make_no_sense_give_way_to_places(
    server: Wire, qianfan: Qianfan, indexes: tuple[object, object]
) -> None:
    first, second = indexes
    server.plays(drawn({"b64_image": b64(), "index": first}, {"b64_image": b64(), "index": second}))
    found = qianfan.submit(job(n=2), model())
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1, 2]


def test_one_picture_that_cannot_be_decoded_does_not_cost_the_others(
    server: Wire, qianfan: Qianfan
) -> None:
    server.plays(
        drawn(
            {"b64_image": "no base64!", "index": 1},
            {"b64_image": b64(), "index": 2},
            {"index": 3},
        )
    )
    found = qianfan.submit(job(n=3), model())
    assert isinstance(found, Done)
    assert found.pictures == (InlinePicture(2, PICTURE),)
    assert [failure.index for failure in found.failures] == [1, 3]
    assert found.charged == 2


def test_no_picture_at_all_is_a_failure(server: Wire, qianfan: Qianfan) -> None:
    server.plays(drawn())
    found = qianfan.submit(job(), model())
    assert isinstance(found, Done)
    assert not found.pictures
    assert [failure.error_class for failure in found.failures] == [ErrorClass.TRANSIENT]


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (2, ErrorClass.TRANSIENT),
        (4, ErrorClass.THROTTLED),
        (17, ErrorClass.ACCOUNT),
        (18, ErrorClass.THROTTLED),
        (336003, ErrorClass.INVALID),
        (336005, ErrorClass.MODEL_GONE),
        (336100, ErrorClass.TRANSIENT),
    ],
)
def test_the_code_in_the_body_decides_whatever_the_status(
    server: Wire, qianfan: Qianfan, code: int, meaning: ErrorClass, status: int
) -> None:
    server.plays(refused(code, "because", status))
    found = qianfan.submit(job(), model())
    assert isinstance(found, Refused)
    assert (found.failure.error_class, found.failure.code) == (meaning, str(code))
    assert found.failure.message == "because"


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped before the answer"),
        pytest.param(drop_midway, id="dropped within the answer"),
        pytest.param(endless, id="huge body"),
        pytest.param(answer(200, b"{]"), id="garbage"),
        pytest.param(answer(200, {"id": "as-1"}), id="no pictures and no error"),
        pytest.param(answer(200, {"data": {"b64_image": "x"}}), id="no list"),
        pytest.param(answer(502, b"Bad Gateway"), id="502 of a gateway"),
        pytest.param(answer(504, b""), id="504"),
    ],
)
def test_an_order_without_a_sensible_answer_may_have_been_paid_for(
    server: Wire, qianfan: Qianfan, play: Play
) -> None:
    server.plays(play)
    assert isinstance(qianfan.submit(job(), model()), Unanswered)
    assert len(server.heard) == 1


def test_pictures_are_awaited_as_long_as_the_model_says(server: Wire, qianfan: Qianfan) -> None:
    server.plays(silent_until(server.finished))
    assert isinstance(qianfan.submit(job(), model(timeout_s=0.05)), Unanswered)


def test_an_order_held_up_too_long_does_not_leave(server: Wire, qianfan: Qianfan) -> None:
    assert isinstance(qianfan.submit(job(), model(), may_send=lambda: False), NotSent)
    assert server.heard == []


def test_where_nobody_listens_nothing_was_sent() -> None:
    unheard = client(f"http://127.0.0.1:{refused_port()}", ProcessToken())
    assert isinstance(unheard.submit(job(), model()), NotSent)
    unheard.close()


def test_a_refusal_repeats_nothing_confidential(server: Wire, qianfan: Qianfan) -> None:
    server.plays(refused(336003, f"bad {PROMPT} of {ACCESS}/{SECRET} with {TOKEN}"))
    found = qianfan.submit(job(), model())
    assert isinstance(found, Refused)
    assert found.failure.message == "bad ... of .../... with ..."


@pytest.mark.parametrize(
    "play",
    [
        drawn({"b64_image": b64(), "index": 1}),
        refused(336003, "no"),
        drop,
        answer(302, b"", Location="http://127.0.0.1:1/"),
    ],
)
def test_neither_token_nor_keys_are_logged_or_told(
    server: Wire, caplog: pytest.LogCaptureFixture, play: Play
) -> None:
    fresh = client(server.url, ProcessToken())
    server.plays(token_answer(), play)
    # By name: a worker's log, tested in the same process, makes the client say less.
    caplog.set_level(logging.DEBUG, "httpx2")
    caplog.set_level(logging.DEBUG)
    found = fresh.submit(job(), model())
    fresh.close()
    assert TOKEN in server.heard[1].target
    assert OAUTH_PATH in caplog.text
    for secret in (TOKEN, SECRET, ACCESS, PROMPT):
        assert secret not in caplog.text
        assert secret not in repr(found)


@pytest.mark.parametrize("keys", [("", SECRET), (ACCESS, " "), ("a b", SECRET)])
@pytest.mark.parametrize("signs", [False, True])
def test_without_usable_keys_nothing_leaves(
    server: Wire, keys: tuple[str, str], signs: bool
) -> None:
    keyless = client(server.url, ProcessToken(), signs=signs, keys=keys)
    found = keyless.submit(job(), model())
    keyless.close()
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT
    assert server.heard == []


def test_there_are_no_tickets(qianfan: Qianfan) -> None:
    assert qianfan.poll("t") == TaskUnknown()
    assert qianfan.cancel("t") == TooLate()
    assert qianfan.list_tasks(model(), 0.0, 1.0, 1) == NoTaskList()


def test_a_bad_base_url_is_named_at_once() -> None:
    keys = Credentials(KeyPair(ACCESS, SECRET))
    with open_http(1) as http, pytest.raises(ValueError, match="base URL"):
        Qianfan("qianfan", keys, http, ProcessToken(), SystemClock())
