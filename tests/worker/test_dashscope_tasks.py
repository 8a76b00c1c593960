from __future__ import annotations

from typing import Any

import pytest

from schemas.failure import ErrorClass
from tests.worker.dashscope_scene import KEY, REFUSALS, SIGNED, task
from tests.worker.wire import Play, Wire, answer, drop, drop_midway, endless
from worker.providers.dashscope import DashScope
from worker.providers.port import (
    Done,
    Refused,
    RemotePicture,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    Unanswered,
)


@pytest.mark.parametrize(
    ("state", "queued"),
    [("PENDING", True), ("SUSPENDED", True), ("RUNNING", False), ("DAYDREAMING", False)],
)
def test_an_unfinished_task_is_still_running(
    server: Wire, client: DashScope, state: str, queued: bool
) -> None:
    server.plays(task(task_status=state))
    assert client.poll("t-1") == StillRunning(queued)


def test_a_finished_task_has_pictures_and_failures_by_their_place(
    server: Wire, client: DashScope
) -> None:
    refused = {"code": "DataInspectionFailed", "message": "unsafe"}
    server.plays(
        task(
            task_status="SUCCEEDED",
            submit_time="2024-08-19 20:01:30.123",
            end_time="2024-08-19 20:01:35",
            actual_prompt="a better cat",
            results=[{"url": SIGNED}, refused, {"url": SIGNED}, {"url": ""}],
        )
    )
    found = client.poll("t-1")
    assert isinstance(found, Done)
    assert found.pictures == (
        RemotePicture(1, SIGNED, 1795300000.0),
        RemotePicture(3, SIGNED, 1795300000.0),
    )
    failures = [(one.index, one.error_class, one.code) for one in found.failures]
    assert failures == [
        (2, ErrorClass.MODERATED, "DataInspectionFailed"),
        (4, ErrorClass.TRANSIENT, "NoPicture"),
    ]
    assert found.actual_prompt == "a better cat"
    assert found.took_s == pytest.approx(4.877)


@pytest.mark.parametrize(
    ("results", "echo"),
    [
        (
            [{"url": SIGNED, "orig_prompt": "a cat"}, {"url": SIGNED, "orig_prompt": "a cat"}],
            "a cat",
        ),
        ([{"code": "DataInspectionFailed"}, {"url": SIGNED, "orig_prompt": "a cat"}], "a cat"),
        ([{"url": SIGNED, "orig_prompt": ""}], None),
        ([{"url": SIGNED, "orig_prompt": ["a cat"]}], None),
        ([{"url": SIGNED, "actual_prompt": "a better cat"}], None),
    ],
)
def test_a_prompt_that_is_repeated_is_told(
    server: Wire, client: DashScope, results: list[dict[str, Any]], echo: str | None
) -> None:
    server.plays(task(task_status="SUCCEEDED", results=results))
    found = client.poll("t-1")
    assert isinstance(found, Done)
    assert found.prompt_echo == echo


@pytest.mark.parametrize("url", ["https://x.aliyuncs.com/a.png", "https://[/?Expires=soon"])
def test_an_address_without_expiry_has_none(server: Wire, client: DashScope, url: str) -> None:
    server.plays(task(task_status="SUCCEEDED", results=[{"url": url}]))
    assert client.poll("t-1") == Done((RemotePicture(1, url),))


@pytest.mark.parametrize("output", [{}, {"results": []}, {"results": "none"}])
def test_a_success_without_any_picture_is_a_failure(
    server: Wire, client: DashScope, output: dict[str, Any]
) -> None:
    server.plays(task(task_status="SUCCEEDED", **output))
    found = client.poll("t-1")
    assert isinstance(found, Done)
    assert found.pictures == ()
    assert [one.code for one in found.failures] == ["NoPicture"]


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ({"code": "InvalidParameter", "message": "bad"}, ErrorClass.INVALID),
        ({"code": "InternalError.Algo", "message": "Inference error"}, ErrorClass.TRANSIENT),
        ({"code": "DataInspectionFailed", "message": "unsafe"}, ErrorClass.MODERATED),
        ({}, ErrorClass.TRANSIENT),
    ],
)
def test_a_failed_task_says_why(
    server: Wire, client: DashScope, output: dict[str, Any], meaning: ErrorClass
) -> None:
    server.plays(task(task_status="FAILED", **output))
    found = client.poll("t-1")
    assert isinstance(found, TaskFailed)
    assert found.failure.error_class is meaning
    assert found.failure.message


@pytest.mark.parametrize("state", ["CANCELED", "CANCELLED"])
def test_a_cancelled_task_is_told_apart(server: Wire, client: DashScope, state: str) -> None:
    server.plays(task(task_status=state))
    found = client.poll("t-1")
    assert isinstance(found, TaskFailed)
    assert found.failure.error_class is ErrorClass.CANCELLED


def test_a_task_may_be_unknown(server: Wire, client: DashScope) -> None:
    server.plays(task(task_status="UNKNOWN"))
    assert client.poll("t-1") == TaskUnknown()


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_a_refused_question(
    server: Wire, client: DashScope, play: Play, meaning: ErrorClass
) -> None:
    server.plays(play)
    found = client.poll("t-1")
    assert isinstance(found, Refused)
    assert found.failure.error_class is meaning


@pytest.mark.parametrize(
    "play",
    [
        drop,
        drop_midway,
        endless,
        answer(200, b"{]"),
        answer(502, b""),
        answer(200, {"output": {}}),
        answer(200, {"output": {"task_id": "t-2", "task_status": "SUCCEEDED"}}),
    ],
)
def test_a_question_without_a_sensible_answer(server: Wire, client: DashScope, play: Play) -> None:
    server.plays(play)
    assert isinstance(client.poll("t-1"), Unanswered)


def test_a_question_carries_the_key_and_nothing_async(server: Wire, client: DashScope) -> None:
    server.plays(task(task_status="RUNNING"))
    client.poll("t-1")
    heard = server.heard[0]
    assert heard.line == "GET /api/v1/tasks/t-1 HTTP/1.1"
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert "X-DashScope-Async" not in heard.headers


def test_a_strange_ticket_cannot_leave_its_place_in_the_path(
    server: Wire, client: DashScope
) -> None:
    client.poll("../../x?y#z")
    assert server.heard[0].target == "/api/v1/tasks/..%2F..%2Fx%3Fy%23z"
