"""Every scripted fault, seen from a real client."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until

DROP: dict[str, Any] = {"kind": "drop"}
ENDPOINTS = ("create", "get", "list", "cancel", "download")


def asker(simulator: RunningSimulator, on: str) -> Callable[[], httpx2.Response]:
    """A request to one endpoint that would go well (but for a cancel too late)."""
    url = simulator.made()
    task_id = simulator.ledger()["tasks"][0]["task_id"]
    requests: dict[str, Callable[[], httpx2.Response]] = {
        "create": simulator.create,
        "get": lambda: simulator.client.get(f"/api/v1/tasks/{task_id}"),
        "list": lambda: simulator.client.get("/api/v1/tasks"),
        "cancel": lambda: simulator.client.post(f"/api/v1/tasks/{task_id}/cancel"),
        "download": lambda: simulator.anonymous.get(url),
    }
    return requests[on]


def accepted(simulator: RunningSimulator) -> int:
    count: int = simulator.ledger()["totals"]["accepted_creates"]
    return count


@pytest.mark.parametrize("on", ENDPOINTS)
def test_error(simulator: RunningSimulator, on: str) -> None:
    ask = asker(simulator, on)
    do = {
        "kind": "error",
        "status": 429,
        "code": "Throttling.BurstRate",
        "message": "Too quick.",
        "headers": {"Retry-After": "3"},
    }
    simulator.script({"on": on, "do": do})
    before = ask()

    assert before.status_code == 429
    assert before.headers["retry-after"] == "3"
    assert before.json()["code"] == "Throttling.BurstRate"
    assert before.json()["message"] == "Too quick."
    assert ask().status_code != 429


@pytest.mark.parametrize("on", ENDPOINTS)
def test_drop(simulator: RunningSimulator, on: str) -> None:
    ask = asker(simulator, on)
    simulator.script({"on": on, "do": DROP})

    with pytest.raises(httpx2.RemoteProtocolError):
        ask()
    assert ask().status_code in (200, 400)
    assert simulator.ledger()["requests"][on]["dropped"] == 1


@pytest.mark.parametrize("on", ENDPOINTS)
def test_garbage(simulator: RunningSimulator, on: str) -> None:
    ask = asker(simulator, on)
    simulator.script({"on": on, "do": {"kind": "garbage"}})
    answer = ask()

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("on", ENDPOINTS)
def test_slow(simulator: RunningSimulator, on: str) -> None:
    ask = asker(simulator, on)
    simulator.script({"on": on, "do": {"kind": "slow", "seconds": 0.2}})
    start_s = time.perf_counter()
    ask()

    assert time.perf_counter() - start_s >= 0.2


def test_a_slow_create_is_accepted_though_the_client_gave_up(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "match": "slow cat", "do": {"kind": "slow", "seconds": 0.3}})
    impatient = httpx2.Client(base_url=simulator.url, headers=simulator.client.headers, timeout=0.1)
    with impatient, pytest.raises(httpx2.ReadTimeout):
        impatient.post(
            "/api/v1/services/aigc/text2image/image-synthesis",
            headers={"X-DashScope-Async": "enable"},
            json={"model": "wanx-v1", "input": {"prompt": "slow cat"}},
        )
    wait_until(lambda: accepted(simulator) == 1, what="the create to be accepted")


def test_drop_before_accepting_charges_nothing(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": DROP})
    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.create()

    assert accepted(simulator) == 0


def test_drop_after_a_create_leaves_a_task(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": {"kind": "drop-after"}})
    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.create()
    listed = simulator.client.get("/api/v1/tasks").json()["data"]

    assert accepted(simulator) == len(listed) == 1
    assert simulator.ended(listed[0]["task_id"])["task_status"] == "SUCCEEDED"
    assert simulator.ledger()["totals"]["images_charged"] == 1


def test_drop_after_waits_for_a_create_that_is_accepted(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "do": {"kind": "drop-after"}})

    assert simulator.create(n=9).status_code == 400
    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.create()


def test_drop_after_a_cancel(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    simulator.created()
    task_id = simulator.created()
    simulator.script({"on": "cancel", "do": {"kind": "drop-after"}})
    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.client.post(f"/api/v1/tasks/{task_id}/cancel")

    assert simulator.output(task_id)["task_status"] == "CANCELED"


def test_fail(simulator: RunningSimulator) -> None:
    do = {"kind": "fail", "code": "InternalError.Algo", "message": "Inference error"}
    simulator.script({"on": "create", "do": do})
    task_id = simulator.created(n=2)
    output = simulator.ended(task_id)
    body = simulator.client.get(f"/api/v1/tasks/{task_id}").json()

    assert (output["task_status"], output["code"], output["message"]) == (
        "FAILED",
        "InternalError.Algo",
        "Inference error",
    )
    assert "results" not in output
    assert "usage" not in body
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_partial(simulator: RunningSimulator) -> None:
    do = {"kind": "partial", "images": 3, "code": "InternalError", "message": "Out of paint"}
    simulator.script({"on": "create", "do": do})
    output = simulator.ended(simulator.created(n=4))

    assert output["task_status"] == "SUCCEEDED"
    assert output["task_metrics"] == {"TOTAL": 4, "SUCCEEDED": 1, "FAILED": 3}
    assert output["results"][1:] == [{"code": "InternalError", "message": "Out of paint"}] * 3
    assert simulator.ledger()["totals"]["images_charged"] == 1


def test_unknown(simulator: RunningSimulator) -> None:
    task_id = simulator.created()
    simulator.script({"on": "get", "do": {"kind": "unknown"}})

    assert simulator.output(task_id) == {"task_id": task_id, "task_status": "UNKNOWN"}
    assert simulator.ended(task_id)["task_status"] == "SUCCEEDED"


def test_truncate(simulator: RunningSimulator) -> None:
    url = simulator.made()
    simulator.script({"on": "download", "do": {"kind": "truncate"}})

    with pytest.raises(httpx2.RemoteProtocolError):
        simulator.anonymous.get(url)
    assert len(simulator.anonymous.get(url).content) == 2000


def test_wrong_type(simulator: RunningSimulator) -> None:
    url = simulator.made()
    simulator.script(
        {"on": "download", "do": {"kind": "wrong-type"}},
        {"on": "download", "do": {"kind": "wrong-type", "content": "jpeg"}},
    )
    page, jpeg = simulator.anonymous.get(url), simulator.anonymous.get(url)

    assert page.content.startswith(b"<!DOCTYPE html>")
    assert jpeg.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(jpeg.content)).format == "JPEG"


def test_corrupt(simulator: RunningSimulator) -> None:
    url = simulator.made()
    simulator.script({"on": "download", "do": {"kind": "corrupt"}})
    answer = simulator.anonymous.get(url)

    assert len(answer.content) == 2000
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(io.BytesIO(answer.content))


def test_expired(simulator: RunningSimulator) -> None:
    url = simulator.made()
    simulator.script({"on": "download", "do": {"kind": "expired"}})
    answer = simulator.anonymous.get(url)

    assert answer.status_code == 403
    assert "Request has expired." in answer.text
    assert simulator.anonymous.get(url).status_code == 200


def test_match_after_and_times(simulator: RunningSimulator) -> None:
    error = {"kind": "error", "status": 500, "code": "InternalError", "message": ""}
    simulator.script({"on": "create", "match": "dog", "after": 1, "times": 2, "do": error})
    prompts = ["dog", "cat", "dog", "hot dog", "dog"]

    assert [simulator.create(p).status_code for p in prompts] == [200, 200, 500, 500, 200]
    assert simulator.client.get("/_faults").json()[0]["fired"] == 2


def test_match_by_model_and_for_ever(simulator: RunningSimulator) -> None:
    error = {"kind": "error", "status": 400, "code": "Arrearage", "message": "Overdue."}
    simulator.script({"on": "create", "match": "flux-dev", "times": -1, "do": error})

    assert [simulator.create(model="flux-dev").status_code for _ in range(3)] == [400] * 3
    assert simulator.create().status_code == 200
    simulator.client.delete("/_faults")
    assert simulator.create(model="flux-dev").status_code == 200
    assert simulator.client.get("/_faults").json() == []


def test_probability(simulator: RunningSimulator) -> None:
    error = {"kind": "error", "status": 503, "code": "ServiceUnavailable", "message": ""}
    simulator.script({"on": "list", "times": -1, "probability": 0.5, "do": error})
    codes = [simulator.client.get("/api/v1/tasks").status_code for _ in range(200)]

    # Half of 200 give or take six standard deviations.
    assert 57 < codes.count(503) < 143


@pytest.mark.parametrize(
    "faults",
    [
        {},
        ["drop"],
        [{"do": DROP}],
        [{"on": "nowhere", "do": DROP}],
        [{"on": "get"}],
        [{"on": "get", "do": {"kind": "fail"}}],
        [{"on": "get", "do": {"kind": "error"}}],
        [{"on": "get", "do": {"kind": "slow", "seconds": "long"}}],
        [{"on": "get", "do": {"kind": "drop", "seconds": 1}}],
        [{"on": "get", "do": DROP, "time": 3}],
        [{"on": "get", "do": DROP, "times": True}],
    ],
)
def test_nonsense_is_refused_whole(simulator: RunningSimulator, faults: object) -> None:
    if isinstance(faults, list):
        faults = [{"on": "get", "do": DROP}, *faults]
    answer = simulator.client.post("/_faults", json=faults)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert simulator.client.get("/_faults").json() == []
