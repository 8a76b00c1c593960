"""Stability's first API: what an order says on the wire, and what its answers mean."""

from __future__ import annotations

import logging

import pytest

from schemas.failure import ErrorClass
from tests.worker.stability_scene import (
    ENGINE,
    KEY,
    PICTURE,
    PROMPT,
    REFUSALS,
    artifact,
    artifacts,
    engine,
    error,
    job,
    stability,
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
    SubmitAnswer,
    TaskUnknown,
    TooLate,
    Unanswered,
)
from worker.providers.stability import Stability


def order(server: Wire, *plays: Play, key: str | None = KEY, **changes: object) -> SubmitAnswer:
    server.plays(*plays)
    with stability(server.url, key) as client:
        return client.submit(job(**changes), engine())


def test_an_order_is_sent_as_the_vendor_documents_it(server: Wire) -> None:
    parameters = {"size": "1024x512", "cfg_scale": 7, "steps": 30}
    order(server, artifacts(artifact()), parameters=parameters, negative_prompt="blurry", n=2)
    (heard,) = server.heard
    assert heard.line == f"POST /v1/generation/{ENGINE}/text-to-image HTTP/1.1"
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert heard.headers["Accept"] == "application/json"
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.document == {
        "text_prompts": [{"text": PROMPT, "weight": 1}, {"text": "blurry", "weight": -1}],
        "width": 1024,
        "height": 512,
        "cfg_scale": 7,
        "steps": 30,
        "samples": 2,
    }
    assert PROMPT.encode() in heard.body


def test_without_a_negative_prompt_there_is_one_text(server: Wire) -> None:
    order(server, artifacts(artifact()))
    assert server.heard[0].document["text_prompts"] == [{"text": PROMPT, "weight": 1}]


def test_what_the_catalogue_does_not_know_lies_beside_the_rest(server: Wire) -> None:
    order(server, artifacts(artifact()), parameters={"extras": {"a": 1}})
    assert server.heard[0].document["extras"] == {"a": 1}
    assert "parameters" not in server.heard[0].document


@pytest.mark.parametrize("bare", [False, True])
def test_artifacts_are_pictures_with_their_seeds(server: Wire, bare: bool) -> None:
    entries = [artifact(seed=7), artifact(seed=8, data=b"two")]
    found = order(server, answer(200, entries) if bare else artifacts(*entries), n=2)
    assert found == Done(
        (InlinePicture(1, PICTURE), InlinePicture(2, b"two")), facts={"seeds": [7, 8]}
    )


def test_a_filtered_picture_is_billed_and_no_success(server: Wire) -> None:
    found = order(server, artifacts(artifact(), artifact("CONTENT_FILTERED"), artifact()), n=3)
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1, 3]
    (failure,) = found.failures
    assert (failure.error_class, failure.code) == (ErrorClass.MODERATED, "CONTENT_FILTERED")
    assert failure.index == 2
    assert found.charged == 3


def test_a_failed_picture_is_not_billed(server: Wire) -> None:
    found = order(server, artifacts(artifact("ERROR"), artifact()), n=2)
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [2]
    (failure,) = found.failures
    assert (failure.error_class, failure.code) == (ErrorClass.TRANSIENT, "ERROR")
    assert failure.index == 1
    assert found.charged is None


@pytest.mark.parametrize(
    ("entry", "code", "billed"),
    [
        ({"base64": "no base64!", "finishReason": "SUCCESS"}, "NoPicture", 1),
        ({"finishReason": "SUCCESS"}, "NoPicture", None),
        ({}, "NoPicture", None),
        ("no object", "NoPicture", None),
        (artifact("PAUSED"), "PAUSED", 1),
    ],
)
def test_what_is_no_picture_is_a_failure_of_its_place(
    server: Wire, entry: object, code: str, billed: int | None
) -> None:
    found = order(server, answer(200, {"artifacts": [entry]}))
    assert isinstance(found, Done)
    assert found.pictures == ()
    (failure,) = found.failures
    assert (failure.code, failure.index) == (code, 1)
    assert failure.error_class is ErrorClass.TRANSIENT
    assert found.charged == billed


def test_no_artifact_at_all_is_a_failure(server: Wire) -> None:
    found = order(server, artifacts())
    assert isinstance(found, Done)
    assert [failure.code for failure in found.failures] == ["NoPicture"]


def test_a_picture_itself_is_taken_too(server: Wire) -> None:
    play = answer(200, PICTURE, Content_Type="image/png", Finish_Reason="SUCCESS", Seed="7")
    found = order(server, play)
    assert found == Done((InlinePicture(1, PICTURE),), facts={"seeds": [7]})


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_an_error_is_a_refusal(server: Wire, play: Play, meaning: ErrorClass) -> None:
    found = order(server, play)
    assert isinstance(found, Refused)
    assert found.failure.error_class is meaning
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("play", "wait_s"),
    [
        (answer(429, b""), 60.0),
        (error(429, "rate_limit_exceeded", Retry_After="7"), 7.0),
        (error(400, "bad_request"), None),
    ],
)
def test_too_many_requests_shut_the_account_out_for_a_minute(
    server: Wire, play: Play, wait_s: float | None
) -> None:
    found = order(server, play)
    assert isinstance(found, Refused)
    assert found.retry_after_s == wait_s


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped before the answer"),
        pytest.param(drop_midway, id="dropped within the answer"),
        pytest.param(endless, id="huge body"),
        pytest.param(answer(200, b"{]"), id="garbage"),
        pytest.param(answer(200, b"[1"), id="garbage list"),
        pytest.param(answer(200, {"id": "a"}), id="no artifacts"),
        pytest.param(answer(200, {"artifacts": "none"}), id="no list"),
        pytest.param(answer(502, b"Bad Gateway"), id="502 of a gateway"),
        pytest.param(error(504, "timeout"), id="504"),
    ],
)
def test_an_order_without_a_sensible_answer_may_have_been_paid_for(
    server: Wire, play: Play
) -> None:
    assert isinstance(order(server, play), Unanswered)
    assert len(server.heard) == 1


def test_pictures_are_awaited_as_long_as_the_model_says(server: Wire) -> None:
    server.plays(silent_until(server.finished))
    with stability(server.url) as client:
        assert isinstance(client.submit(job(), engine(timeout_s=0.05)), Unanswered)


def test_an_order_held_up_too_long_does_not_leave(server: Wire) -> None:
    with stability(server.url) as client:
        assert isinstance(client.submit(job(), engine(), may_send=lambda: False), NotSent)
    assert server.heard == []


def test_where_nobody_listens_nothing_was_sent() -> None:
    with stability(f"http://127.0.0.1:{refused_port()}") as client:
        assert isinstance(client.submit(job(), engine()), NotSent)


@pytest.mark.parametrize("key", [None, "", " ", "sk-with blank", "sk-\u2026"])
def test_without_a_usable_key_nothing_leaves(server: Wire, key: str | None) -> None:
    found = order(server, key=key)
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT
    assert server.heard == []


def test_nothing_confidential_is_repeated_or_logged(
    server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = order(server, error(400, "bad_request", f"{PROMPT} for {KEY} " + "x" * 1000))
    assert isinstance(found, Refused)
    assert found.failure.message.startswith("... for ... x")
    assert len(found.failure.message) <= 300
    assert KEY not in caplog.text
    assert PROMPT not in caplog.text


def test_there_are_no_tickets(server: Wire) -> None:
    with stability(server.url) as client:
        assert client.poll("t") == TaskUnknown()
        assert client.cancel("t") == TooLate()
        assert client.list_tasks(engine(), 0.0, 1.0, 1) == NoTaskList()


def test_a_bad_base_url_is_named_at_once() -> None:
    with open_http(1) as http, pytest.raises(ValueError, match="base URL"):
        Stability("stability", KEY, http)
