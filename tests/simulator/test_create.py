"""What a create is checked for, and the form of every refusal."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.simulator.running import CREATE, RunningSimulator

ASYNC = {"X-DashScope-Async": "enable"}


def refused(answer: httpx2.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"code", "message", "request_id"}
    return answer.status_code, body["code"]


def test_an_accepted_create_answers_with_a_pending_ticket(simulator: RunningSimulator) -> None:
    body = simulator.create().json()

    assert set(body) == {"output", "request_id"}
    assert set(body["output"]) == {"task_id", "task_status"}
    assert body["output"]["task_status"] == "PENDING"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "No API-key provided."),
        ({"Authorization": "Bearer nonsense"}, "Invalid API-key provided."),
        ({"Authorization": "sk-without-scheme"}, "Invalid API-key provided."),
    ],
)
def test_a_key_is_needed(
    simulator: RunningSimulator, headers: dict[str, str], message: str
) -> None:
    answer = simulator.anonymous.post(CREATE, headers={**ASYNC, **headers}, json={})

    assert refused(answer) == (401, "InvalidApiKey")
    assert answer.json()["message"] == message
    assert refused(simulator.anonymous.get("/api/v1/tasks/x", headers=headers))[0] == 401


def test_the_async_header_is_needed(simulator: RunningSimulator) -> None:
    answer = simulator.client.post(CREATE, json={"model": "wanx-v1", "input": {"prompt": "cat"}})

    assert refused(answer) == (403, "AccessDenied")
    assert answer.json()["message"] == "current user api does not support synchronous calls"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, "InvalidParameter")),
        (b"[]", (400, "InvalidParameter")),
        (b'{"input": {"prompt": "x"}}', (400, "BadRequest.EmptyModel")),
        (b'{"model": "wanx-v1"}', (400, "BadRequest.EmptyInput")),
        (b'{"model": "wanx-v1", "input": {}}', (400, "InvalidParameter")),
        (b'{"model": "wanx-v1", "input": {"prompt": " "}}', (400, "InvalidParameter")),
        (b'{"model": "wanx-v9", "input": {"prompt": "x"}}', (404, "ModelNotFound")),
        (b'{"model": ["x"], "input": {"prompt": "x"}}', (404, "ModelNotFound")),
        (
            b'{"model": "wanx-v1", "input": {"prompt": "x"}, "parameters": [1]}',
            (400, "InvalidParameter"),
        ),
    ],
)
def test_malformed_bodies_are_refused(
    simulator: RunningSimulator, body: bytes, expected: tuple[int, str]
) -> None:
    assert refused(simulator.client.post(CREATE, headers=ASYNC, content=body)) == expected


def test_a_model_sent_to_the_wrong_endpoint(simulator: RunningSimulator) -> None:
    answer = simulator.client.post(
        CREATE.replace("text2image", "image2image"),
        headers=ASYNC,
        json={"model": "wanx-v1", "input": {"prompt": "cat"}},
    )

    assert refused(answer) == (400, "InvalidParameter")
    assert answer.json()["message"] == "url error, please check url!"


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("wanx-v1", {"style": "auto"}),
        ("wanx-v1", {"size": "1024x1024"}),
        ("wanx-v1", {"size": "512*512"}),
        ("wanx-v1", {"n": 5}),
        ("wanx-v1", {"n": 0}),
        ("wanx-v1", {"n": "2"}),
        ("wanx-v1", {"n": True}),
        ("wanx-v1", {"seed": 4294967295}),
        ("wanx-v1", {"ref_strength": 1.5}),
        ("wanx-v1", {"ref_mode": "copy"}),
        ("stable-diffusion-xl", {"size": "1024*1000"}),
        ("stable-diffusion-xl", {"steps": 501}),
        ("stable-diffusion-xl", {"scale": 0.5}),
        ("stable-diffusion-v1.5", {"size": "1024*1024"}),
        ("flux-dev", {"n": 2}),
        ("flux-dev", {"size": "720*1280"}),
        ("flux-dev", {"offload": "yes"}),
        ("flux-dev", {"steps": 4.5}),
    ],
)
def test_parameters_out_of_range_are_refused(
    simulator: RunningSimulator, model: str, parameters: dict[str, Any]
) -> None:
    answer = simulator.create("a cat", model, **parameters)

    assert refused(answer) == (400, "InvalidParameter")
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("wanx-v1", {"style": "<3d cartoon>", "size": "720*1280", "n": 4, "seed": 4294967290}),
        ("wanx-v1", {"seed": -1, "ref_mode": "refonly", "ref_strength": 0}),
        ("stable-diffusion-xl", {"size": "512*1024", "steps": 500, "scale": 1, "n": 2}),
        ("stable-diffusion-v1.5", {"size": "512*512", "seed": 0}),
        ("flux-schnell", {"size": "576*1024", "steps": 4, "guidance": 3.5, "offload": True}),
        ("flux-merged", {"n": 1, "a-name-nobody-knows": 1}),
    ],
)
def test_parameters_within_range_are_accepted(
    simulator: RunningSimulator, model: str, parameters: dict[str, Any]
) -> None:
    assert simulator.create("a cat", model, **parameters).status_code == 200


@pytest.mark.parametrize(
    ("model", "n"), [("wanx-v1", 4), ("stable-diffusion-xl", 1), ("flux-dev", 1)]
)
def test_n_left_out(simulator: RunningSimulator, model: str, n: int) -> None:
    answer = simulator.client.post(
        CREATE, headers=ASYNC, json={"model": model, "input": {"prompt": "cat"}}
    )
    output = simulator.ended(answer.json()["output"]["task_id"])

    assert len(output["results"]) == n


def test_prompts_are_cut_without_a_word(simulator: RunningSimulator) -> None:
    simulator.created("猫" * 900)
    simulator.created("猫" * 900, "flux-dev")

    assert [len(task["prompt"]) for task in simulator.ledger()["tasks"]] == [800, 500]


@pytest.mark.parametrize("prompt", ["a soldier with a rifle", "Two GUNS", "桌上的手枪"])
def test_prompts_about_weapons_are_refused(simulator: RunningSimulator, prompt: str) -> None:
    answer = simulator.create(prompt)

    assert refused(answer) == (400, "DataInspectionFailed")
    assert answer.json()["message"] == "Input data may contain inappropriate content."


def test_words_that_only_contain_a_refused_word_pass(simulator: RunningSimulator) -> None:
    assert simulator.create("a gunmetal grey kettle, begun in 1900").status_code == 200


def test_swimwear_loses_its_last_image(simulator: RunningSimulator) -> None:
    task_id = simulator.created("a red bikini", n=3)
    output = simulator.ended(task_id)
    usage = simulator.client.get(f"/api/v1/tasks/{task_id}").json()["usage"]

    assert output["task_status"] == "SUCCEEDED"
    assert output["task_metrics"] == {"TOTAL": 3, "SUCCEEDED": 2, "FAILED": 1}
    assert ["url" in result for result in output["results"]] == [True, True, False]
    assert output["results"][2] == {
        "code": "DataInspectionFailed",
        "message": "Output data may contain inappropriate content.",
    }
    assert usage == {"image_count": 2}


def test_swimwear_alone_fails(simulator: RunningSimulator) -> None:
    output = simulator.ended(simulator.created("泳装模特", n=1))

    assert output["task_status"] == "FAILED"
    assert output["code"] == "DataInspectionFailed"
    assert simulator.ledger()["totals"]["images_charged"] == 0


def test_other_paths_are_not_found(simulator: RunningSimulator) -> None:
    assert refused(simulator.client.get("/api/v1/models")) == (404, "NotFound")
    assert refused(simulator.client.delete("/api/v1/tasks/x")) == (404, "NotFound")
    assert refused(simulator.client.get(CREATE)) == (404, "NotFound")
