"""What becomes of a training job: its state, its resource, its withdrawal."""

from __future__ import annotations

import pytest

from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from tests.worker.dashscope_scene import SIGNED, TICKET, state
from tests.worker.wire import Play, Wire, answer, drop
from worker.providers.dashscope import DashScope
from worker.providers.port import (
    Done,
    NoTaskList,
    Refused,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    TooLate,
    Unanswered,
    Withdrawn,
)


@pytest.mark.parametrize(
    ("status", "queued"), [("PENDING", True), ("RUNNING", False), ("QUEUING", False)]
)
def test_an_unfinished_job_is_still_running(
    server: Wire, client: DashScope, status: str, queued: bool
) -> None:
    # The name is told from the start; the resource is there at the end only.
    server.plays(state(status, finetuned_output="facechain-finetune-ft-202509020951-f8bf"))
    assert client.poll(TICKET) == StillRunning(queued)
    assert server.heard[0].line == f"GET /api/v1/{TICKET} HTTP/1.1"


def test_a_finished_job_names_the_resource(server: Wire, client: DashScope) -> None:
    server.plays(
        state(
            "SUCCEEDED",
            finetuned_output="facechain-finetune-ft-1",
            create_time="2025-09-02 09:51:02",
            end_time="2025-09-02 10:11:02",
        ),
        state("SUCCEEDED"),
    )
    resource = {"finetuned_output": "facechain-finetune-ft-1"}
    assert client.poll(TICKET) == Done((), facts=resource, took_s=1200.0)
    nameless = client.poll(TICKET)
    assert isinstance(nameless, Done)
    assert [failure.code for failure in nameless.failures] == ["NoResource"]


def test_a_failed_or_cancelled_job_says_so(server: Wire, client: DashScope) -> None:
    words = f"no face in {SIGNED}"
    server.plays(state("FAILED", code="InvalidImage.NoHumanFace", message=words), state("CANCELED"))
    failed, cancelled = client.poll(TICKET), client.poll(TICKET)
    assert isinstance(failed, TaskFailed)
    assert failed.failure.error_class is ErrorClass.INVALID
    assert "Signature" not in failed.failure.message
    assert isinstance(cancelled, TaskFailed)
    assert cancelled.failure.error_class is ErrorClass.CANCELLED


def test_a_job_may_be_unknown_or_another_one(server: Wire, client: DashScope) -> None:
    server.plays(
        answer(404, {"code": "NotFound", "message": "Not Found!"}), state("RUNNING", job_id="ft-2")
    )
    assert client.poll(TICKET) == TaskUnknown()
    assert isinstance(client.poll(TICKET), Unanswered)


def test_a_strange_ticket_cannot_leave_its_place_in_the_path(
    server: Wire, client: DashScope
) -> None:
    client.poll("fine-tunes/../tasks?x#y")
    assert server.heard[0].target == "/api/v1/fine-tunes/..%2Ftasks%3Fx%23y"


# Withdrawing it.


def test_a_job_that_waits_is_withdrawn(server: Wire, client: DashScope) -> None:
    server.plays(
        state("PENDING"), answer(200, {"request_id": "r", "output": {"status": "success"}})
    )
    assert client.cancel(TICKET) == Withdrawn()
    assert server.heard[1].line == f"POST /api/v1/{TICKET}/cancel HTTP/1.1"


@pytest.mark.parametrize(
    "plays",
    [
        pytest.param([state("RUNNING")], id="it runs"),
        pytest.param([state("SUCCEEDED", finetuned_output="x")], id="it has ended"),
        pytest.param([answer(404, {"code": "NotFound", "message": ""})], id="unknown"),
        pytest.param(
            [state("PENDING"), answer(400, {"code": "UnsupportedOperation", "message": "over"})],
            id="it ended just now",
        ),
    ],
)
def test_a_job_that_does_not_wait_is_left_to_end(
    server: Wire, client: DashScope, plays: list[Play]
) -> None:
    server.plays(*plays)
    assert client.cancel(TICKET) == TooLate()
    assert len(server.heard) == len(plays)


def test_a_withdrawal_that_is_not_answered_is_told(server: Wire, client: DashScope) -> None:
    server.plays(
        drop, state("PENDING"), drop, state("PENDING"), answer(429, {"code": "Throttling"})
    )
    assert isinstance(client.cancel(TICKET), Unanswered)
    assert isinstance(client.cancel(TICKET), Unanswered)
    assert isinstance(client.cancel(TICKET), Refused)


def test_jobs_are_in_no_list(server: Wire, client: DashScope) -> None:
    finetune = catalogue().find("facechain-finetune", "dashscope")
    assert client.list_tasks(finetune, 0.0, 1.0, 1) == NoTaskList()
    assert server.heard == []
