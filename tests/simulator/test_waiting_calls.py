"""Synchronous calls: time, charges, limits and faults on the open connection."""

from __future__ import annotations

import threading
from typing import Any

import httpx2
import pytest

from tests.simulator.orders import GOOD, order, said, send
from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until

MODEL = "qwen-image-2.0"


def call(simulator: RunningSimulator, text: str = "a shop", **parameters: Any) -> httpx2.Response:
    messages = [{"role": "user", "content": [{"text": text}]}]
    body = {"model": MODEL, "input": {"messages": messages}, "parameters": parameters}
    return send(simulator, GOOD[MODEL], body)


def test_the_connection_is_held_while_the_pictures_are_made(simulator: RunningSimulator) -> None:
    simulator.configure(generation_s=0.3, generation_sigma=0)
    answer = call(simulator)

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3
    (task,) = simulator.ledger()["tasks"]
    assert (task["prompt"], task["state"], task["images_charged"]) == ("a shop", "SUCCEEDED", 1)


def test_a_call_is_no_task(simulator: RunningSimulator) -> None:
    call(simulator)
    (task,) = simulator.ledger()["tasks"]

    assert simulator.output(task["task_id"])["task_status"] == "UNKNOWN"
    assert simulator.client.get("/api/v1/tasks").json()["total"] == 0


def test_calls_beyond_the_connections_are_throttled(simulator: RunningSimulator) -> None:
    simulator.configure(connections=1, generation_s=0.5, generation_sigma=0)
    held = threading.Thread(target=call, args=(simulator,))
    held.start()
    wait_until(lambda: len(simulator.ledger()["tasks"]) == 1)
    refused = call(simulator)
    other = order(simulator, "z-image-turbo")
    held.join()

    assert (refused.status_code, refused.json()["code"]) == (429, "Throttling")
    assert other.status_code == 200
    assert call(simulator).status_code == 200
    assert simulator.ledger()["totals"]["images_charged"] == 3


def test_calls_count_against_the_rate(simulator: RunningSimulator) -> None:
    simulator.configure(rate=0.01)
    answers = [call(simulator) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "Throttling.RateQuota"


def test_a_lost_answer_is_charged(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "match": "teapot", "do": {"kind": "drop-after"}})
    with pytest.raises(httpx2.TransportError):
        call(simulator, "a teapot", n=2)

    ledger = simulator.ledger()
    assert ledger["totals"]["images_charged"] == 2
    assert ledger["requests"]["create"] == {"dropped": 1}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "error", "status": 503, "code": "ModelUnavailable"}, 503, "ModelUnavailable"),
        ({"kind": "fail"}, 500, "InternalError"),
        ({"kind": "fail", "code": "InternalError.Algo"}, 500, "InternalError.Algo"),
        ({"kind": "fail", "code": "DataInspectionFailed"}, 400, "DataInspectionFailed"),
    ],
)
def test_scripted_failures_cost_nothing(
    simulator: RunningSimulator, fault: dict[str, Any], status: int, code: str
) -> None:
    simulator.script({"on": "create", "match": MODEL, "do": fault})
    answer = call(simulator)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "request_id"}
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_pictures_that_fail_are_left_out(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": {"kind": "partial", "images": 2}})
    document = call(simulator, n=3).json()

    assert len(document["output"]["choices"][0]["message"]["content"]) == 1
    assert document["usage"]["image_count"] == 1


def test_a_withheld_picture_alone_is_refused(simulator: RunningSimulator) -> None:
    answer = call(simulator, "a red bikini")

    assert (answer.status_code, answer.json()["code"]) == (400, "DataInspectionFailed")


def test_a_rewritten_prompt_may_infringe(simulator: RunningSimulator) -> None:
    refused = call(simulator, "the hero of a franchise")
    made = call(simulator, "the hero of a franchise", prompt_extend=False)
    plain = order(simulator, "z-image-turbo", input=said())

    assert (refused.status_code, refused.json()["code"]) == (400, "IPInfringementSuspect")
    assert (made.status_code, plain.status_code) == (200, 200)


def test_a_task_whose_rewritten_prompt_infringes_fails(simulator: RunningSimulator) -> None:
    prompt = {"prompt": "the hero of a franchise"}
    outputs = []
    for extend in (None, False):
        created = order(
            simulator, "wan2.2-t2i-plus", input=prompt, parameters={"prompt_extend": extend}
        )
        outputs.append(simulator.ended(created.json()["output"]["task_id"]))

    assert outputs[0]["code"] == "IPInfringementSuspect"
    assert outputs[1]["task_status"] == "SUCCEEDED"


def test_a_check_of_faces_is_free(simulator: RunningSimulator) -> None:
    assert order(simulator, "facechain-facedetect").status_code == 200

    totals = simulator.ledger()["totals"]
    assert (totals["accepted_creates"], totals["images_charged"]) == (1, 0)
