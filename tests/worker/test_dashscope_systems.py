"""Every system of Model Studio's overview is ordered and understood as its page says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.catalogue import catalogue
from tests.worker.dashscope_scene import PENDING, job, task
from tests.worker.dashscope_systems import SYSTEMS, System
from tests.worker.dashscope_tools import TOOLS
from tests.worker.wire import Wire, answer
from worker.providers.dashscope import DashScope
from worker.providers.port import Accepted, Done, RemotePicture

ALL = [pytest.param(system, id=system.model) for system in (*SYSTEMS, *TOOLS)]


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value
    return (
        [text for part in inside for text in strings(part)]
        if isinstance(value, dict | list)
        else []
    )


@pytest.mark.parametrize("system", ALL)
def test_an_order_leaves_as_the_vendor_documents_it(
    server: Wire, client: DashScope, system: System
) -> None:
    server.plays(answer(200, PENDING))
    found = client.submit(job(**system.job), catalogue().find(system.model, "dashscope"))
    assert found == Accepted("13b1848b")
    heard = server.heard[0]
    assert heard.line == f"POST /api/v1/{system.path} HTTP/1.1"
    assert heard.document == {"model": system.model, **system.body}
    assert heard.headers["X-DashScope-Async"] == "enable"
    assert "X-DashScope-DataInspection" not in heard.headers
    assert "X-DashScope-OssResourceResolve" not in heard.headers
    # As UTF-8, not as escapes.
    assert all(text.encode() in heard.body for text in strings(system.body))


@pytest.mark.parametrize("system", ALL)
def test_its_answer_is_understood(server: Wire, client: DashScope, system: System) -> None:
    server.plays(task(task_status="SUCCEEDED", **system.output))
    found = client.poll("t-1")
    assert isinstance(found, Done)
    assert [(picture.index, picture.part) for picture in found.pictures] == system.pictures
    printed = strings(system.output)
    for picture in found.pictures:
        assert isinstance(picture, RemotePicture)
        assert picture.url in printed
    assert found.facts == system.facts
    assert json.loads(json.dumps(found.facts)) == found.facts


@pytest.mark.parametrize("system", ALL)
def test_an_answer_without_the_object_around_it_is_understood_too(
    server: Wire, client: DashScope, system: System
) -> None:
    flat = {"request_id": "r", "task_id": "t-1", "task_status": "SUCCEEDED", **system.output}
    server.plays(answer(200, flat))
    found = client.poll("t-1")
    assert isinstance(found, Done)
    assert [(picture.index, picture.part) for picture in found.pictures] == system.pictures
