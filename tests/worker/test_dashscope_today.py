"""Orders of today's models as the vendor's pages print them, by the catalogue as it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from schemas.catalogue import catalogue
from tests.worker.dashscope_scene import PENDING, job
from tests.worker.dashscope_systems import AIGC, INPUT, OSS
from tests.worker.wire import Wire, answer
from worker.providers.dashscope import DashScope
from worker.providers.port import Accepted, Done, RemotePicture

LATER = f"{AIGC}/image-generation/generation"
AT_ONCE = f"{AIGC}/multimodal-generation/generation"


class Today(NamedTuple):
    """What is ordered, where it goes, and what leaves."""

    model: str
    job: dict[str, Any]
    path: str
    body: dict[str, Any]


def messages(*content: dict[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


ORDERS = [
    Today(
        "wan2.2-t2i-flash",
        {"prompt": "a flower shop", "negative_prompt": "people", "parameters": {"seed": 7}},
        f"{AIGC}/text2image/image-synthesis",
        {
            "input": {"prompt": "a flower shop", "negative_prompt": "people"},
            "parameters": {"seed": 7, "n": 1},
        },
    ),
    Today(
        "wan2.5-i2i-preview",
        {"prompt": "join them", "parameters": {"images": [f"{INPUT}/a.png", f"{INPUT}/b.png"]}},
        f"{AIGC}/image2image/image-synthesis",
        {
            "input": {"prompt": "join them", "images": [f"{INPUT}/a.png", f"{INPUT}/b.png"]},
            "parameters": {"n": 1},
        },
    ),
    Today(
        "wanx2.1-imageedit",
        {
            "prompt": "Französische Tapete",
            "parameters": {
                "function": "stylization_all",
                "base_image_url": f"{INPUT}/a.png",
                "strength": 0.5,
            },
        },
        f"{AIGC}/image2image/image-synthesis",
        {
            "input": {
                "prompt": "Französische Tapete",
                "function": "stylization_all",
                "base_image_url": f"{INPUT}/a.png",
            },
            "parameters": {"strength": 0.5, "n": 1},
        },
    ),
    Today(
        "wan2.6-t2i",
        {
            "prompt": "a flower shop",
            "negative_prompt": "people",
            "parameters": {"size": "1280*1280", "prompt_extend": True, "watermark": False},
        },
        LATER,
        {
            "input": messages({"text": "a flower shop"}),
            "parameters": {
                "size": "1280*1280",
                "n": 1,
                "prompt_extend": True,
                "watermark": False,
                "negative_prompt": "people",
            },
        },
    ),
    Today(
        "wan2.6-image",
        {
            "prompt": "image 1 on image 2",
            "parameters": {"images": [f"{INPUT}/a.png", f"{INPUT}/b.png"]},
        },
        LATER,
        {
            "input": messages(
                {"image": f"{INPUT}/a.png"},
                {"image": f"{INPUT}/b.png"},
                {"text": "image 1 on image 2"},
            ),
            "parameters": {"enable_interleave": False, "n": 1},
        },
    ),
    Today(
        "wan2.7-image-pro",
        {"prompt": "a flower shop", "n": 2, "parameters": {"size": "4K"}},
        LATER,
        {"input": messages({"text": "a flower shop"}), "parameters": {"size": "4K", "n": 2}},
    ),
    Today(
        "qwen-image-3.0",
        {"prompt": "a sign", "parameters": {"prompt_extend_mode": "agent"}},
        LATER,
        {
            "input": messages({"text": "a sign"}),
            "parameters": {"prompt_extend_mode": "agent", "n": 1},
        },
    ),
    Today(
        "qwen-image-2.0-pro",
        {"prompt": "a red hat", "n": 6, "parameters": {"images": [f"{INPUT}/a.png"]}},
        AT_ONCE,
        {
            "input": messages({"image": f"{INPUT}/a.png"}, {"text": "a red hat"}),
            "parameters": {"n": 6},
        },
    ),
    Today(
        "z-image-turbo",
        {"prompt": "a calm lake", "parameters": {"size": "1024*1024", "seed": 7}},
        AT_ONCE,
        {
            "input": messages({"text": "a calm lake"}),
            "parameters": {"size": "1024*1024", "seed": 7},
        },
    ),
]


@pytest.mark.parametrize("order", [pytest.param(order, id=order.model) for order in ORDERS])
def test_an_order_leaves_as_the_vendor_documents_it(
    server: Wire, client: DashScope, order: Today
) -> None:
    model = catalogue().find(order.model, "dashscope")
    url = f"{OSS}/a.png"
    content = {"choices": [{"message": {"role": "assistant", "content": [{"image": url}]}}]}
    at_once = order.path == AT_ONCE
    server.plays(answer(200, {"output": content} if at_once else PENDING))
    found = client.submit(job(**order.job), model)
    assert found == (Done((RemotePicture(1, url),)) if at_once else Accepted("13b1848b"))
    heard = server.heard[0]
    assert heard.line == f"POST /api/v1/{order.path} HTTP/1.1"
    assert heard.document == {"model": order.model, **order.body}
    assert heard.headers.get("X-DashScope-Async") == (None if at_once else "enable")
