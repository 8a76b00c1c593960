"""What leaves for a server that speaks OpenAI's images API, and what becomes of a lost answer."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.model import Model
from tests.worker.openai_scene import B64, KEY, PICTURE, PROMPT, client, job, model
from tests.worker.wire import (
    Play,
    Wire,
    answer,
    drop,
    drop_midway,
    refused_port,
    silent_until,
)
from worker.policy.classification import QIANFAN_V2
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

DRAWN = answer(200, {"created": 1713833628, "data": [{"b64_json": B64}]})


def sent(server: Wire, order: Any = None, drawn_by: Any = None, **options: Any) -> Any:
    server.plays(DRAWN)
    with client(server.url, **options) as opened:
        assert isinstance(opened.submit(order or job(), drawn_by or model()), Done)
    return server.heard[0]


def test_an_order_is_one_flat_document_under_the_accounts_key(server: Wire) -> None:
    heard = sent(server, job(n=2, parameters={"size": "1024x1024"}, negative_prompt="blurry"))
    assert heard.line == "POST /v1/images/generations HTTP/1.1"
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.document == {
        "model": "gpt-image-1",
        "prompt": PROMPT,
        "negative_prompt": "blurry",
        "n": 2,
        "size": "1024x1024",
    }


@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_server_without_keys_is_sent_none(server: Wire, key: str | None) -> None:
    heard = sent(server, key=key)
    assert "Authorization" not in heard.headers


def test_a_model_goes_by_its_wire_name_and_its_constants_go_along(server: Wire) -> None:
    heard = sent(
        server,
        drawn_by=model(wire_name="doubao-seedream-4-0-250828", constants={"watermark": False}),
    )
    assert heard.document["model"] == "doubao-seedream-4-0-250828"
    assert heard.document["watermark"] is False


def test_parameters_nobody_knows_lie_beside_the_others(server: Wire) -> None:
    heard = sent(server, job(parameters={"num_inference_steps": 28}), model(parameters={}))
    assert heard.document["num_inference_steps"] == 28
    assert "parameters" not in heard.document


def test_pictures_go_as_the_addresses_they_came_as(server: Wire) -> None:
    picture = f"data:image/png;base64,{B64}"
    heard = sent(server, job(parameters={"image": picture}), model(parameters={}))
    assert heard.document["image"] == picture


def test_a_picture_in_the_answer_is_the_order_done(server: Wire) -> None:
    server.plays(DRAWN)
    with client(server.url) as opened:
        assert opened.submit(job(), model()) == Done((InlinePicture(1, PICTURE),))


def test_nothing_leaves_once_the_order_may_not(server: Wire) -> None:
    with client(server.url) as opened:
        assert isinstance(opened.submit(job(), model(), may_send=lambda: False), NotSent)
    assert server.heard == []


def test_nobody_listening_means_nothing_was_sent() -> None:
    with client(f"http://127.0.0.1:{refused_port()}") as opened:
        assert isinstance(opened.submit(job(), model()), NotSent)


@pytest.mark.parametrize("play", [drop, drop_midway])
def test_an_answer_that_breaks_off_may_have_been_paid_for(server: Wire, play: Play) -> None:
    server.plays(play)
    with client(server.url) as opened:
        assert isinstance(opened.submit(job(), model()), Unanswered)
    assert len(server.heard) == 1


def test_an_answer_is_awaited_as_long_as_its_model_may_take(server: Wire) -> None:
    server.plays(silent_until(server.finished))
    with client(server.url) as opened:
        found = opened.submit(job(), model(timeout_s=0.2))
    assert isinstance(found, Unanswered)
    assert "Timeout" in found.reason


def test_a_key_that_fits_into_no_header_is_the_accounts_fault_and_is_not_shown(
    server: Wire,
) -> None:
    with client(server.url, key="sk-ключ\n") as opened:
        found = opened.submit(job(), model())
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT
    assert "ключ" not in found.failure.message
    assert server.heard == []


def test_baidus_second_api_has_errors_of_its_own(server: Wire) -> None:
    error = {"code": "system_unsafe", "message": "the answer is unsafe", "type": "unsafe_request"}
    server.plays(answer(403, {"error": error, "id": "as-1"}))
    with client(server.url, errors=QIANFAN_V2) as opened:
        found = opened.submit(job(), model(provider="qianfan-v2", name="irag-1.0"))
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.MODERATED
    assert found.failure.code == "system_unsafe"


def test_there_are_no_tickets_and_no_list(server: Wire) -> None:
    with client(server.url) as opened:
        assert opened.poll("t") == TaskUnknown()
        assert opened.cancel("t") == TooLate()
        assert opened.list_tasks(model(), 0.0, 1.0, 1) == NoTaskList()
    assert server.heard == []


def test_a_base_url_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="base URL"), client("nonsense"):
        pass


FLAT = [one for one in catalogue() if one.protocol in ("openai-images", "qianfan-v2")]


@pytest.mark.parametrize("drawn_by", FLAT, ids=lambda one: f"{one.provider}:{one.name}")
def test_every_model_of_the_catalogue_is_ordered_in_one_flat_document(
    server: Wire, drawn_by: Model
) -> None:
    defaults = {
        name: known.default
        for name, known in drawn_by.parameters.items()
        if known.default is not None
    }
    negative = "blurry" if drawn_by.negative_prompt_limit else None
    document = sent(server, job(parameters=defaults, negative_prompt=negative), drawn_by).document
    assert document["model"] == (drawn_by.wire_name or drawn_by.name)
    assert document["prompt"] == PROMPT
    assert document.get("negative_prompt") == negative
    assert not {"input", "parameters"} & set(document)
    assert (document.get("n", document.get("batch_size")) == 1) is drawn_by.sends_n
