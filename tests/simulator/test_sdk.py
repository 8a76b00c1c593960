"""The vendor's own SDK, unmodified, as the witness that the protocol is right."""

from __future__ import annotations

from http import HTTPStatus

import dashscope
import httpx2
import pytest
from dashscope.aigc.image_synthesis import (
    ImageSynthesis,
)  # the package stub leaves out list and cancel

from tests.simulator.running import KEY, RunningSimulator


@pytest.fixture(autouse=True)
def sdk(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashscope, "base_http_api_url", simulator.url + "/api/v1")
    monkeypatch.setattr(dashscope, "api_key", KEY)


def test_call_returns_pictures(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.call(
        model=ImageSynthesis.Models.wanx_v1,
        prompt="一只坐着的橘黄色的猫",
        negative_prompt="dog",
        n=2,
        style="<watercolor>",
        size="1024*1024",
        seed=42,
    )

    assert answer.status_code == HTTPStatus.OK
    assert answer.output.task_status == "SUCCEEDED"
    assert answer.usage.image_count == 2
    pictures = [httpx2.get(result.url) for result in answer.output.results]
    assert [picture.status_code for picture in pictures] == [200, 200]


def test_async_call_then_fetch_then_wait(simulator: RunningSimulator) -> None:
    task = ImageSynthesis.async_call(model="wanx-v1", prompt="a cat", n=1)
    assert task.status_code == HTTPStatus.OK
    assert task.output.task_status == "PENDING"

    fetched = ImageSynthesis.fetch(task)
    assert fetched.output.task_id == task.output.task_id
    assert fetched.output.task_status in ("RUNNING", "SUCCEEDED")
    waited = ImageSynthesis.wait(task)
    assert waited.output.task_status == "SUCCEEDED"
    assert waited.output.task_metrics["SUCCEEDED"] == 1
    assert waited.output.submit_time <= waited.output.end_time


def test_partial_results(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.call(model="wanx-v1", prompt="a model in a swimsuit", n=2)
    good, bad = answer.output.results

    assert answer.output.task_status == "SUCCEEDED"
    assert answer.usage.image_count == 1
    assert good.url
    assert (bad.url, bad.code) == ("", "DataInspectionFailed")


def test_a_failed_task_is_a_good_answer_with_a_code(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.call(model="wanx-v1", prompt="lingerie", n=1)

    assert answer.status_code == HTTPStatus.OK
    assert answer.output.task_status == "FAILED"
    assert answer.output.code == "DataInspectionFailed"


def test_error_objects(simulator: RunningSimulator) -> None:
    answer = ImageSynthesis.async_call(model="wanx-v1", prompt="a cat", style="watercolor")
    assert (answer.status_code, answer.code) == (400, "InvalidParameter")
    assert answer.message == "The style is invalid."
    assert answer.request_id

    answer = ImageSynthesis.async_call(model="wanx-v1", prompt="a cat", api_key="nonsense")
    assert (answer.status_code, answer.code) == (401, "InvalidApiKey")

    simulator.configure(rate=0.01)
    answers = [ImageSynthesis.async_call(model="wanx-v1", prompt="a cat") for _ in range(2)]
    assert (answers[1].status_code, answers[1].code) == (429, "Throttling.RateQuota")


def test_list_and_cancel(simulator: RunningSimulator) -> None:
    simulator.configure(running=1, generation_s=60)
    running = ImageSynthesis.async_call(model="wanx-v1", prompt="a cat")
    pending = ImageSynthesis.async_call(model="wanx-v1", prompt="a dog")

    listed = ImageSynthesis.list(status="PENDING", model_name="wanx-v1")
    assert [entry["task_id"] for entry in listed.output["data"]] == [pending.output.task_id]
    assert listed.output["total"] == 1

    assert ImageSynthesis.cancel(pending).status_code == HTTPStatus.OK
    assert ImageSynthesis.fetch(pending).output.task_status == "CANCELED"
    refused = ImageSynthesis.cancel(running)
    assert (refused.status_code, refused.code) == (400, "UnsupportedOperation")


def test_an_unknown_task(simulator: RunningSimulator) -> None:
    assert ImageSynthesis.wait("no-such-task").output.task_status == "UNKNOWN"


def test_the_sdk_resends_a_create_whose_answer_was_lost(simulator: RunningSimulator) -> None:
    """Known of version 2.0.2: a lost answer makes it order, and pay, twice."""
    simulator.script({"on": "create", "do": {"kind": "drop-after"}})
    task = ImageSynthesis.async_call(model="wanx-v1", prompt="a cat", n=1)

    assert task.status_code == HTTPStatus.OK
    assert simulator.ledger()["totals"]["accepted_creates"] == 2
