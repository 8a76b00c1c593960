"""The task list, on which it rests whether an order is sent again; and cancelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from schemas.failure import ErrorClass
from tests.worker.dashscope_scene import KEY, REFUSALS, model
from tests.worker.wire import Play, Wire, answer, drop, drop_midway, endless, refused_port
from worker.providers.dashscope import DashScope
from worker.providers.port import (
    ListedTask,
    NotSent,
    Refused,
    TaskListAnswer,
    TaskPage,
    TooLate,
    Unanswered,
    Withdrawn,
)

AT_S = 1795193970.0  # 2026-11-21 00:59:30 in Beijing
FIRST = {"task_id": "t-1", "gmt_create": 1795193970123, "model_name": "wanx-v1", "status": "FAILED"}
SECOND = {**FIRST, "task_id": "t-2", "gmt_create": 1795193971000, "status": "PENDING"}


PAGE: dict[str, Any] = {
    "request_id": "r",
    "total": 2,
    "total_page": 1,
    "page_no": 1,
    "page_size": 100,
    "data": [SECOND, FIRST],
}


def page(**changes: Any) -> Play:
    whole = {name: value for name, value in (PAGE | changes).items() if value != "missing"}
    return answer(200, whole)


def dated(date: str | None) -> Play:
    """The page under a Date of our own; None: under none at all."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        data = json.dumps(PAGE).encode()
        handler.send_response_only(200)
        if date is not None:
            handler.send_header("Date", date)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return play


def ask(client: DashScope, number: int = 1) -> TaskListAnswer:
    return client.list_tasks(model(), AT_S - 0.5, AT_S + 60.2, number)


def test_the_list_is_asked_for_as_the_vendor_documents_it(server: Wire, client: DashScope) -> None:
    server.plays(page())
    ask(client)
    assert server.heard[0].line == (
        "GET /api/v1/tasks/?start_time=20261121005929&end_time=20261121010031"
        "&model_name=wanx-v1&page_no=1&page_size=100 HTTP/1.1"
    )
    assert server.heard[0].headers["Authorization"] == f"Bearer {KEY}"


def test_tasks_that_are_drawn_are_asked_for_by_their_status(
    server: Wire, client: DashScope
) -> None:
    server.plays(page())
    client.list_tasks(model(), AT_S, AT_S + 60, 1, running_only=True)
    assert "&page_size=100&status=RUNNING HTTP/1.1" in server.heard[0].line


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *((status, True) for status in ("SUCCEEDED", "FAILED", "CANCELED", "CANCELLED")),
        *((status, False) for status in ("PENDING", "RUNNING", "SUSPENDED", "UNKNOWN", "", None)),
    ],
)
def test_a_page_tells_which_tasks_have_ended(
    server: Wire, client: DashScope, status: str | None, ended: bool
) -> None:
    server.plays(page(data=[{**FIRST, "status": status}], total=1))
    found = ask(client)
    assert isinstance(found, TaskPage)
    assert [task.ended for task in found.tasks] == [ended]


def test_a_page_tells_tickets_times_and_the_providers_clock(
    server: Wire, client: DashScope
) -> None:
    server.plays(dated("Fri, 20 Nov 2026 16:59:31 GMT"))
    tasks = (ListedTask("t-2", 1795193971.0), ListedTask("t-1", 1795193970.123, ended=True))
    assert ask(client) == TaskPage(tasks, pages=1, provider_now_s=AT_S + 1)


@pytest.mark.parametrize("date", [None, "", "soon", "Fri, 99 Nov 2026 16:59:31 GMT"])
def test_a_provider_may_keep_its_time_to_itself(
    server: Wire, client: DashScope, date: str | None
) -> None:
    server.plays(dated(date))
    found = ask(client)
    assert isinstance(found, TaskPage)
    assert (len(found.tasks), found.provider_now_s) == (2, None)


@pytest.mark.parametrize(
    ("changes", "number", "tasks", "pages"),
    [
        ({"total": 0, "total_page": 0, "data": []}, 1, 0, 0),
        ({"total": 0, "total_page": 1, "data": []}, 1, 0, 1),
        ({"total": 3, "total_page": 2, "page_size": 2}, 1, 2, 2),
        ({"total": 4, "total_page": 2, "page_size": 2, "page_no": 2}, 2, 2, 2),
        ({"page_no": 2, "data": []}, 2, 0, 1),
        ({"total": "2", "page_no": "1"}, 1, 2, 1),
    ],
)
def test_a_whole_page(
    server: Wire, client: DashScope, changes: dict[str, Any], number: int, tasks: int, pages: int
) -> None:
    server.plays(page(**changes))
    found = ask(client, number)
    assert isinstance(found, TaskPage)
    assert (len(found.tasks), found.pages) == (tasks, pages)


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "missing"},
        {"data": None},
        {"data": {}},
        {"data": []},
        {"data": [FIRST]},
        {"data": [FIRST, FIRST]},
        {"data": [FIRST, SECOND, {**FIRST, "task_id": "t-3"}]},
        {"data": [FIRST, None]},
        {"data": [FIRST, {**SECOND, "task_id": ""}]},
        {"data": [FIRST, {**SECOND, "task_id": None}]},
        {"data": [FIRST, {**SECOND, "gmt_create": None}]},
        {"data": [FIRST, {**SECOND, "gmt_create": "yesterday"}]},
        {"data": [FIRST, {**SECOND, "gmt_create": -5}]},
        {"data": [FIRST, {**SECOND, "gmt_create": 0}]},
        {"data": [FIRST, {**SECOND, "model_name": "flux-dev"}]},
        {"total": "missing"},
        {"total": 3},
        {"total": 1},
        {"total": 0},
        {"total": True},
        {"total_page": "missing"},
        {"total_page": 2},
        {"page_no": 2},
        {"page_no": "missing"},
        {"page_size": 0},
        {"page_size": 1},
        {"page_size": "missing"},
    ],
)
def test_a_list_that_may_be_shorter_than_the_truth_is_no_list(
    server: Wire, client: DashScope, changes: dict[str, Any]
) -> None:
    server.plays(page(**changes))
    assert isinstance(ask(client), Unanswered)


NONSENSE = [
    drop,
    drop_midway,
    endless,
    answer(200, b"{]"),
    answer(200, {}),
    answer(200, []),
    answer(204, b""),
    answer(502, b""),
    answer(504, {"code": "GatewayTimeout", "message": ""}),
]


@pytest.mark.parametrize("play", NONSENSE)
def test_a_list_or_a_cancel_without_a_sensible_answer(
    server: Wire, client: DashScope, play: Play
) -> None:
    server.plays(play, play)
    assert isinstance(ask(client), Unanswered)
    assert isinstance(client.cancel("t-1"), Unanswered)


@pytest.mark.parametrize(("play", "meaning"), REFUSALS)
def test_a_refused_list_or_cancel(
    server: Wire, client: DashScope, play: Play, meaning: ErrorClass
) -> None:
    server.plays(play, play)
    for found in (ask(client), client.cancel("t-1")):
        assert isinstance(found, Refused)
        assert found.failure.error_class is meaning


def test_where_nobody_listens_nothing_is_listed_or_cancelled(
    connect: Callable[..., DashScope],
) -> None:
    client = connect(f"http://127.0.0.1:{refused_port()}/api/v1")
    assert isinstance(ask(client), NotSent)
    assert isinstance(client.cancel("t-1"), NotSent)


def test_a_task_is_withdrawn(server: Wire, client: DashScope) -> None:
    server.plays(answer(200, {"request_id": "r"}))
    assert client.cancel("t/1") == Withdrawn()
    assert server.heard[0].line == "POST /api/v1/tasks/t%2F1/cancel HTTP/1.1"
    assert server.heard[0].body == b""


def test_a_task_that_does_not_wait_any_more_stays(server: Wire, client: DashScope) -> None:
    words = "Failed to cancel the task, please confirm if the task is in PENDING status."
    server.plays(answer(400, {"code": "UnsupportedOperation", "message": words}))
    assert client.cancel("t-1") == TooLate()
