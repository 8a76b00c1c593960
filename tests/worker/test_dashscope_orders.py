from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.failure import ErrorClass
from tests.waiting import wait_until
from tests.worker.dashscope_scene import KEY, PENDING, PROMPT, REFUSALS, SIGNED, job, model
from tests.worker.wire import (
    Play,
    Wire,
    answer,
    deaf_port,
    drop,
    drop_midway,
    endless,
    refused_port,
    silent_until,
)
from worker.connection import open_http
from worker.providers.dashscope import DashScope
from worker.providers.port import Accepted, NotSent, Refused, Unanswered

# What we send.


def test_an_order_is_sent_as_the_vendor_documents_it(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, PENDING))
    order = job(
        n=2, negative_prompt="模糊", parameters={"style": "<auto>", "size": "1024*1024", "seed": 42}
    )
    assert client.submit(order, model()) == Accepted("13b1848b")
    heard = server.heard[0]
    assert heard.line == "POST /api/v1/services/aigc/text2image/image-synthesis HTTP/1.1"
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert heard.headers["X-DashScope-Async"] == "enable"
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.document == {
        "model": "wanx-v1",
        "input": {"prompt": PROMPT, "negative_prompt": "模糊"},
        "parameters": {"style": "<auto>", "size": "1024*1024", "seed": 42, "n": 2},
    }
    assert PROMPT.encode() in heard.body


def test_n_is_sent_even_when_it_is_one(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, PENDING))
    client.submit(job(), model())
    assert server.heard[0].document["parameters"] == {"n": 1}


def test_flux_gets_neither_n_nor_a_negative_prompt(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, PENDING))
    client.submit(job(parameters={"steps": 4}, negative_prompt="x"), model("flux-schnell"))
    assert server.heard[0].document == {
        "model": "flux-schnell",
        "input": {"prompt": PROMPT},
        "parameters": {"steps": 4},
    }


def test_a_parameter_goes_where_the_catalogue_places_it(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, PENDING))
    wanx = model()
    placed = wanx.parameters["style"].model_copy(update={"place": "input"})
    moved = wanx.model_copy(update={"parameters": {**wanx.parameters, "style": placed}})
    client.submit(job(parameters={"style": "<anime>", "seed": 1}), moved)
    document = server.heard[0].document
    assert document["input"]["style"] == "<anime>"
    assert document["parameters"] == {"seed": 1, "n": 1}


def test_half_a_character_in_a_prompt_does_no_harm(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, PENDING))
    assert client.submit(job(prompt="cat \ud83d"), model()) == Accepted("13b1848b")


def test_neither_prompt_nor_key_is_logged(
    server: Wire, client: DashScope, caplog: pytest.LogCaptureFixture
) -> None:
    server.plays(answer(400, {"code": "InvalidParameter", "message": f"bad: {PROMPT}"}))
    with caplog.at_level(logging.DEBUG):
        client.submit(job(), model())
    assert KEY not in caplog.text
    assert PROMPT not in caplog.text


# What an order may be answered with.


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_an_error_is_a_refusal(
    server: Wire, client: DashScope, play: Play, meaning: ErrorClass
) -> None:
    server.plays(play)
    found = client.submit(job(), model())
    assert isinstance(found, Refused)
    assert found.failure.error_class is meaning
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped before the answer"),
        pytest.param(drop_midway, id="dropped within the answer"),
        pytest.param(endless, id="huge body"),
        pytest.param(answer(200, b"{]"), id="garbage"),
        pytest.param(answer(200, b"[" * 100_000), id="deep garbage"),
        pytest.param(answer(200, b"\xff\xfe\x00"), id="no text"),
        pytest.param(answer(200, b""), id="empty"),
        pytest.param(answer(200, [1]), id="no object"),
        pytest.param(answer(200, {"output": {"task_status": "PENDING"}}), id="no task id"),
        pytest.param(answer(200, {"output": {"task_id": None}}), id="task id null"),
        pytest.param(answer(204, b""), id="no content"),
        pytest.param(answer(200, b"x", Content_Encoding="gzip"), id="not the encoding it says"),
        pytest.param(answer(500, b"<html>"), id="500 of a gateway"),
        pytest.param(answer(502, b"Bad Gateway"), id="502 of a gateway"),
        pytest.param(answer(503, {"message": "upstream"}), id="503 of a gateway"),
        pytest.param(answer(504, {"code": "GatewayTimeout", "message": ""}), id="504"),
        pytest.param(answer(500, {"code": "RequestTimeOut", "message": ""}), id="not awaited"),
    ],
)
def test_an_order_without_a_sensible_answer_may_have_been_taken(
    server: Wire, client: DashScope, play: Play
) -> None:
    server.plays(play)
    assert isinstance(client.submit(job(), model()), Unanswered)
    assert len(server.heard) == 1


def test_a_provider_too_slow_may_have_taken_the_order(server: Wire, client: DashScope) -> None:
    server.plays(silent_until(server.finished))
    hasty = model().model_copy(update={"timeout_s": 0.05})
    assert isinstance(client.submit(job(), hasty), Unanswered)


def test_where_nobody_listens_nothing_was_sent(connect: Callable[..., DashScope]) -> None:
    client = connect(f"http://127.0.0.1:{refused_port()}/api/v1")
    assert isinstance(client.submit(job(), model()), NotSent)
    assert isinstance(client.poll("t-1"), NotSent)


def test_a_name_that_does_not_exist_is_not_sent(connect: Callable[..., DashScope]) -> None:
    client = connect("http://imagemill.invalid/api/v1")
    assert isinstance(client.submit(job(), model()), NotSent)


def test_a_failed_handshake_is_not_sent(server: Wire, connect: Callable[..., DashScope]) -> None:
    client = connect(server.url.replace("http:", "https:"))
    assert isinstance(client.submit(job(), model()), NotSent)


def test_a_handshake_too_slow_is_not_sent(connect: Callable[..., DashScope]) -> None:
    with deaf_port() as port:
        client = connect(f"https://127.0.0.1:{port}/api/v1", connect=0.05)
        assert isinstance(client.submit(job(), model()), NotSent)


def test_without_a_free_connection_nothing_is_sent(
    server: Wire, connect: Callable[..., DashScope]
) -> None:
    server.plays(silent_until(server.finished))
    client = connect(f"{server.url}/api/v1", pool=0.05)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(client.submit, job(), model())
        wait_until(lambda: len(server.heard) == 1)
        assert isinstance(client.submit(job(), model()), NotSent)
        server.finished.set()
        assert isinstance(waiting.result(), Unanswered)


@pytest.mark.parametrize("key", [None, "", "  ", "sk-with blank", "sk-\u2026", "sk-\nx"])
def test_without_a_usable_key_nothing_leaves(
    server: Wire, connect: Callable[..., DashScope], key: str | None
) -> None:
    found = connect(f"{server.url}/api/v1", key).submit(job(), model())
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT
    assert server.heard == []


@pytest.mark.parametrize(
    "base_url", ["", "dashscope", "ftp://x/api", "https://", "http://a:b@c/", "http://[::1"]
)
def test_a_bad_base_url_is_named_at_once(base_url: str) -> None:
    with open_http(1) as http, pytest.raises(ValueError, match="base URL"):
        DashScope(base_url, KEY, http)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "7", "retry_after_ms": "250"}, 0.25),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
def test_a_refusal_says_how_long_to_wait_where_the_provider_does(
    server: Wire, client: DashScope, headers: dict[str, str], wait_s: float | None
) -> None:
    server.plays(answer(429, {"code": "Throttling", "message": ""}, **headers))
    found = client.submit(job(), model())
    assert isinstance(found, Refused)
    assert found.retry_after_s == wait_s


def test_a_refusal_repeats_neither_prompt_nor_key_nor_signature(
    server: Wire, client: DashScope
) -> None:
    message = f"bad prompt '{PROMPT}' for {KEY}, see {SIGNED} " + "x" * 1000
    server.plays(answer(400, {"code": "InvalidParameter", "message": message}))
    found = client.submit(job(), model())
    assert isinstance(found, Refused)
    words = found.failure.message
    assert PROMPT not in words
    assert KEY not in words
    assert "Signature" not in words
    assert len(words) <= 300


def test_a_refusal_repeats_no_prompt_whatever_the_model_calls_it(
    server: Wire, client: DashScope
) -> None:
    edges = {"foreground_edge": ["https://x/a.png"], "foreground_edge_prompt": ["geheim", "leise"]}
    parameters = {"face_prompt": "ein Gesicht", "reference_edge": edges, "style": "<auto2>"}
    words = "ein Gesicht, geheim, leise: <auto2> is none of our styles"
    server.plays(answer(400, {"code": "InvalidParameter", "message": words}))
    found = client.submit(job(parameters=parameters), model())
    assert isinstance(found, Refused)
    assert found.failure.message == "..., ..., ...: <auto2> is none of our styles"


def test_many_threads_share_a_client(server: Wire, client: DashScope) -> None:
    server.plays(*[answer(200, PENDING)] * 40)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: client.submit(job(), model()), range(40)))
    assert found == [Accepted("13b1848b")] * 40
