"""Models of the messages form, by ticket or at once."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.failure import ErrorClass
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from tests.worker.dashscope_scene import PENDING, REFUSALS, SIGNED, job, model, task
from tests.worker.wire import Play, Wire, answer, drop, drop_midway, refused_port
from worker.connection import open_http
from worker.providers.dashscope import DashScope
from worker.providers.port import (
    Accepted,
    Done,
    NoTaskList,
    NotSent,
    Refused,
    RemotePicture,
    Unanswered,
)

PNG = "data:image/png;base64,iVBORw0KGgo="
URL = "https://shop.example.com/in/%E5%9B%BE.png"


def messages(*, synchronous: bool = False, **changes: Any) -> Model:
    """A model of the form; the name is nobody's, so that nothing depends on the catalogue."""
    several = Parameter(kind=Kind.PICTURES, doc="Pictures.", place="content", max_items=9)
    one = Parameter(kind=Kind.PICTURE, doc="A mask.", place="content", sent_as="mask")
    family = "multimodal-generation" if synchronous else "image-generation"
    fields: dict[str, Any] = {
        "name": "messenger",
        "protocol": "dashscope-messages",
        "endpoint": f"services/aigc/{family}/generation",
        "synchronous": synchronous,
        "result": "choices",
        "prompt_place": "content.text",
        "negative_prompt_limit": 500,
        "negative_prompt_place": "parameters.negative_prompt",
        "parameters": {"images": several, "mask_url": one},
    }
    return model().model_copy(update={**fields, **changes})


def choices(*contents: list[dict[str, str]], **around: Any) -> dict[str, Any]:
    found = [
        {"finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        for content in contents
    ]
    return {"request_id": "r", "output": {"choices": found}, **around}


# What we send.


def test_the_prompt_is_the_message_and_its_opposite_a_parameter(
    server: Wire, client: DashScope
) -> None:
    server.plays(answer(200, PENDING))
    order = job(prompt="a cat", negative_prompt="dogs", n=2, parameters={"size": "1280*1280"})
    assert client.submit(order, messages()) == Accepted("13b1848b")
    heard = server.heard[0]
    assert heard.line == "POST /api/v1/services/aigc/image-generation/generation HTTP/1.1"
    assert heard.headers["X-DashScope-Async"] == "enable"
    assert heard.document == {
        "model": "messenger",
        "input": {"messages": [{"role": "user", "content": [{"text": "a cat"}]}]},
        "parameters": {"size": "1280*1280", "negative_prompt": "dogs", "n": 2},
    }


def test_pictures_come_before_the_words_in_the_catalogues_order(
    server: Wire, client: DashScope
) -> None:
    server.plays(answer(200, PENDING))
    order = job(prompt="a cat", parameters={"mask_url": URL, "images": [PNG, URL]})
    client.submit(order, messages())
    (message,) = server.heard[0].document["input"]["messages"]
    assert message["content"] == [{"image": PNG}, {"image": URL}, {"image": URL}, {"text": "a cat"}]
    assert "content" not in server.heard[0].document


def test_pictures_need_no_words(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, PENDING))
    client.submit(job(prompt="", parameters={"images": [URL]}), messages(prompt="optional"))
    assert server.heard[0].document["input"] == {
        "messages": [{"role": "user", "content": [{"image": URL}]}]
    }


@pytest.mark.parametrize("name", ["messages", "task"])
def test_an_address_in_temporary_storage_is_announced(
    server: Wire, client: DashScope, name: str
) -> None:
    server.plays(answer(200, PENDING))
    wanted = messages() if name == "messages" else model("wanx-x-painting")
    field = "mask_url" if name == "messages" else "base_image_url"
    client.submit(job(parameters={field: "oss://dashscope-instant/x/a.png"}), wanted)
    assert server.heard[0].headers["X-DashScope-OssResourceResolve"] == "enable"


def test_an_order_goes_by_the_name_it_has_on_the_wire(server: Wire, client: DashScope) -> None:
    renamed = messages(wire_name="messenger-2026-01-01")
    listed = {"total": 0, "total_page": 0, "page_no": 1, "page_size": 100, "data": []}
    server.plays(answer(200, PENDING), answer(200, listed))
    client.submit(job(), renamed)
    client.list_tasks(renamed, 0.0, 1.0, 1)
    assert server.heard[0].document["model"] == "messenger-2026-01-01"
    assert "model_name=messenger-2026-01-01&" in server.heard[1].target


# Answered at once.


def test_a_synchronous_model_answers_with_its_pictures(server: Wire, client: DashScope) -> None:
    content = [{"image": SIGNED}, {"type": "image", "image": URL}]
    server.plays(answer(200, choices(content, usage={"image_count": 2})))
    found = client.submit(job(prompt="a cat", n=2), messages(synchronous=True))
    assert found == Done((RemotePicture(1, SIGNED, 1795300000.0), RemotePicture(2, URL)))
    heard = server.heard[0]
    assert heard.line == "POST /api/v1/services/aigc/multimodal-generation/generation HTTP/1.1"
    assert "X-DashScope-Async" not in heard.headers


@pytest.mark.parametrize(
    ("words", "actual"), [("a calm lake at dawn", "a calm lake at dawn"), ("a calm lake", None)]
)
def test_the_words_beside_one_picture_are_the_prompt_as_it_was_rewritten(
    server: Wire, client: DashScope, words: str, actual: str | None
) -> None:
    server.plays(answer(200, choices([{"image": URL}, {"text": words}])))
    found = client.submit(job(prompt="a calm lake"), messages(synchronous=True))
    assert found == Done((RemotePicture(1, URL),), actual_prompt=actual)


@pytest.mark.parametrize(
    "contents",
    [
        ([{"image": URL}, {"image": URL}, {"image": URL}],),
        ([{"image": URL}], [{"image": URL}], [{"image": URL}]),
        ([{"image": URL}, {"image": URL}], [{"type": "image", "image": URL}]),
    ],
)
def test_images_are_counted_through_choices_and_contents(
    server: Wire, client: DashScope, contents: tuple[list[dict[str, str]], ...]
) -> None:
    finished = choices(*contents)["output"] | {"finished": True}
    server.plays(answer(200, choices(*contents)), task(task_status="SUCCEEDED", **finished))
    for found in (client.submit(job(), messages(synchronous=True)), client.poll("t-1")):
        assert isinstance(found, Done)
        assert [picture.index for picture in found.pictures] == [1, 2, 3]
        assert found.failures == ()


def test_an_image_that_failed_keeps_its_place(server: Wire, client: DashScope) -> None:
    refused = {"code": "DataInspectionFailed", "message": "unsafe: a cat"}
    document = choices([{"image": URL}], [refused], [{"image": URL}])
    document["output"]["choices"].append(refused)
    server.plays(answer(200, document))
    found = client.submit(job(prompt="a cat"), messages(synchronous=True))
    assert isinstance(found, Done)
    assert [picture.index for picture in found.pictures] == [1, 3]
    assert [(one.index, one.error_class) for one in found.failures] == [
        (2, ErrorClass.MODERATED),
        (4, ErrorClass.MODERATED),
    ]
    assert "a cat" not in found.failures[0].message


def test_a_story_of_words_and_pictures_is_kept(server: Wire, client: DashScope) -> None:
    content = [{"text": "First."}, {"image": URL}, {"text": "Then."}, {"image": URL}]
    finished = choices(content)["output"]
    server.plays(task(task_status="SUCCEEDED", **finished))
    found = client.poll("t-1")
    assert isinstance(found, Done)
    assert found.facts == {"text": ["First.", "Then."]}
    assert found.actual_prompt is None


def test_an_answer_without_any_image_is_a_failure_of_the_order(
    server: Wire, client: DashScope
) -> None:
    server.plays(answer(200, choices([{"text": "I cannot draw that"}])))
    found = client.submit(job(), messages(synchronous=True))
    assert isinstance(found, Done)
    assert [failure.code for failure in found.failures] == ["NoPicture"]


def test_pictures_that_come_although_a_ticket_was_asked_for_are_taken(
    server: Wire, client: DashScope
) -> None:
    document = choices([{"image": URL}])
    server.plays(answer(200, document))
    assert client.submit(job(), messages()) == Done((RemotePicture(1, URL),))


def test_a_ticket_with_room_for_results_is_a_ticket(server: Wire, client: DashScope) -> None:
    output = {"task_id": "t-9", "task_status": "PENDING", "results": []}
    server.plays(answer(200, {"output": output}), answer(200, {"output": output}))
    assert client.submit(job(), model()) == Accepted("t-9")
    assert client.submit(job(), messages(synchronous=True)) == Accepted("t-9")


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_an_error_is_a_refusal(
    server: Wire, client: DashScope, play: Play, meaning: ErrorClass
) -> None:
    server.plays(play)
    found = client.submit(job(), messages(synchronous=True))
    assert isinstance(found, Refused)
    assert found.failure.error_class is meaning


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped before the answer"),
        pytest.param(drop_midway, id="dropped within the answer"),
        pytest.param(answer(200, {"output": {}}), id="nothing in it"),
        pytest.param(answer(500, {"code": "RequestTimeOut", "message": ""}), id="not awaited"),
        pytest.param(answer(502, b"Bad Gateway"), id="502 of a gateway"),
    ],
)
def test_pictures_whose_answer_was_lost_may_have_been_drawn(
    server: Wire, client: DashScope, play: Play
) -> None:
    server.plays(play)
    assert isinstance(client.submit(job(), messages(synchronous=True)), Unanswered)


def test_an_answer_is_awaited_as_long_as_the_model_says(server: Wire, client: DashScope) -> None:
    def late(handler: Any) -> None:
        server.finished.wait(0.3)
        answer(200, choices([{"image": URL}]))(handler)

    server.plays(late, late)
    hasty = messages(synchronous=True, timeout_s=0.1)
    assert isinstance(client.submit(job(), hasty), Unanswered)
    patient = messages(synchronous=True, timeout_s=30.0)
    assert isinstance(client.submit(job(), patient), Done)


def test_what_is_withheld_or_finds_nobody_is_not_sent(server: Wire, client: DashScope) -> None:
    held_up = client.submit(job(), messages(synchronous=True), may_send=lambda: False)
    assert isinstance(held_up, NotSent)
    assert server.heard == []
    with open_http(1) as http:
        alone = DashScope(f"http://127.0.0.1:{refused_port()}/api/v1", "sk-x", http)
        assert isinstance(alone.submit(job(), messages(synchronous=True)), NotSent)


def test_what_is_answered_at_once_is_in_no_list(server: Wire, client: DashScope) -> None:
    assert client.list_tasks(messages(synchronous=True), 0.0, 1.0, 1) == NoTaskList()
    assert server.heard == []


def test_a_protocol_nobody_speaks_stops_the_lane(server: Wire, client: DashScope) -> None:
    found = client.submit(job(), messages(protocol="dashscope-telepathy"))
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.MODEL_GONE
    assert "dashscope-telepathy" in found.failure.message
    assert server.heard == []
