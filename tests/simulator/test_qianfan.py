"""Baidu's first API: pictures in the answer, and every error in an answer of HTTP 200."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.simulator.qianfan_orders import CAT, PATH, good, order, refused, token
from tests.simulator.running import RunningSimulator


def test_an_order_is_answered_with_its_pictures(simulator: RunningSimulator) -> None:
    answer = order(simulator, prompt="一只猫 on a tree", n=2, seed=7, style="Anime")

    assert answer.status_code == 200
    document = answer.json()
    assert document["id"].startswith("as-")
    assert document["object"] == "image"
    assert [one["index"] for one in document["data"]] == [1, 2]
    assert {one["object"] for one in document["data"]} == {"image"}
    # Three Chinese characters and three words of 1.3 tokens each.
    assert document["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    assert int(answer.headers["x-ratelimit-limit-requests"]) == 60_000


@pytest.mark.parametrize("size", ["768x768", "576x1024"])
def test_pictures_are_drawn_in_the_size_ordered(simulator: RunningSimulator, size: str) -> None:
    simulator.configure(images="full")
    content = base64.b64decode(good(order(simulator, size=size))["data"][0]["b64_image"])

    picture = Image.open(io.BytesIO(content))
    assert (picture.format, f"{picture.width}x{picture.height}") == ("PNG", size)


def test_the_ledger_counts_what_was_charged(simulator: RunningSimulator) -> None:
    good(order(simulator, n=3))
    refused(order(simulator, n=9), 336003)

    ledger = simulator.ledger()
    assert ledger["totals"]["images_charged"] == 3
    (task,) = ledger["tasks"]
    assert (task["model"], task["prompt"], task["n"]) == ("sd_xl", "a cat", 3)
    assert ledger["requests"]["create"] == {"200": 2}
    assert ledger["requests"]["token"] == {"200": 2}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "x" * 1025),
        ("negative_prompt", "x" * 1025),
        ("size", "1024*1024"),
        ("size", "1000x1000"),
        ("n", 0),
        ("n", 5),
        ("n", "1"),
        ("steps", 9),
        ("steps", 51),
        ("sampler_index", "Euler b"),
        ("seed", -1),
        ("seed", 4294967296),
        ("cfg_scale", -0.1),
        ("cfg_scale", 30.1),
        ("style", "base"),
        ("user_id", 7),
    ],
)
def test_values_out_of_range_are_refused(
    simulator: RunningSimulator, field: str, value: Any
) -> None:
    refused(order(simulator, **{field: value}), 336003)
    assert simulator.ledger()["totals"]["accepted_creates"] == 0


@pytest.mark.parametrize("prompt", [None, "", "  ", 7])
def test_a_prompt_is_required(simulator: RunningSimulator, prompt: Any) -> None:
    refused(order(simulator, prompt=prompt), 336001)


def test_extreme_values_are_taken(simulator: RunningSimulator) -> None:
    good(order(simulator, n=4, steps=50, seed=4294967295, cfg_scale=0, style="3D Model"))
    good(order(simulator, n=1, steps=10, seed=0, cfg_scale=30, sampler_index="DPM2 a Karras"))
    assert simulator.ledger()["totals"]["images_charged"] == 5


def test_what_is_no_order_is_told_by_its_code(simulator: RunningSimulator) -> None:
    params = {"access_token": token(simulator)}
    post = simulator.anonymous.post

    refused(post(PATH, params=params, content=b"{"), 336002)
    refused(post(PATH, params=params, content=b"[]"), 336002)
    refused(post(PATH + "2", params=params, json=CAT), 336005)
    refused(post("/rpc/2.0/other", params=params, json=CAT), 3)
    refused(simulator.anonymous.get(PATH, params=params), 336101)
    simulator.configure(retired="sd_xl")
    refused(post(PATH, params=params, json=CAT), 336005)


def test_too_many_a_second_and_too_many_a_minute(simulator: RunningSimulator) -> None:
    simulator.configure(rate=1)
    good(order(simulator))
    refused(order(simulator), 18)

    simulator.configure(rate=0.5)
    good(order(simulator))
    refused(order(simulator), 336501)
    # Another key pair is another account.
    good(order(simulator, client="another"))


def test_too_many_at_once(simulator: RunningSimulator) -> None:
    simulator.configure(connections=1, generation_s=1.0, generation_sigma=0.0)
    access = token(simulator)

    def send(_: int) -> httpx2.Response:
        return simulator.anonymous.post(PATH, params={"access_token": access}, json=CAT)

    with ThreadPoolExecutor(2) as pool:
        answers = [answer.json() for answer in pool.map(send, range(2))]

    assert sorted(answer.get("error_code", 0) for answer in answers) == [0, 336100]
    assert simulator.ledger()["totals"]["accepted_creates"] == 1


def test_content_is_refused_in_words(simulator: RunningSimulator) -> None:
    assert "敏感" in refused(order(simulator, prompt="a gun"), 336003)
    assert "敏感" in refused(order(simulator, negative_prompt="a gun"), 336003)
    assert "敏感" in refused(order(simulator, prompt="a bikini"), 336003)
    assert simulator.ledger()["totals"]["images_charged"] == 0

    some = good(order(simulator, prompt="a bikini", n=3))
    assert [one["index"] for one in some["data"]] == [1, 2]
    assert simulator.ledger()["totals"]["images_charged"] == 2


def test_scripted_errors_come_in_the_vendors_form(simulator: RunningSimulator) -> None:
    simulator.script(
        {"on": "create", "do": {"kind": "error", "status": 200, "code": "17", "message": "paid?"}},
        {"on": "create", "do": {"kind": "error", "status": 500}},
        {"on": "token", "do": {"kind": "error", "status": 503, "code": "busy", "message": "m"}},
    )
    access = {"access_token": "any"}
    answer = simulator.anonymous.get("/oauth/2.0/token")
    assert (answer.status_code, answer.json()) == (503, {"error": "busy", "error_description": "m"})
    refused(simulator.anonymous.post(PATH, params=access, json=CAT), 110)

    assert refused(order(simulator), 17) == "paid?"
    answer = order(simulator)
    assert (answer.status_code, answer.json()["error_code"]) == (500, 336000)


def test_a_lost_answer_is_charged(simulator: RunningSimulator) -> None:
    simulator.script({"on": "create", "match": "sd_xl", "do": {"kind": "drop-after"}})
    with pytest.raises(httpx2.RemoteProtocolError):
        order(simulator, n=2)

    assert simulator.ledger()["totals"]["images_charged"] == 2
    assert simulator.ledger()["requests"]["create"] == {"dropped": 1}


def test_pictures_that_fail_are_left_out(simulator: RunningSimulator) -> None:
    simulator.script(
        {"on": "create", "do": {"kind": "partial", "images": 1}},
        {"on": "create", "do": {"kind": "fail", "code": "336100", "message": "too busy"}},
    )
    assert [one["index"] for one in good(order(simulator, n=2))["data"]] == [1]
    assert refused(order(simulator, n=2), 336100) == "too busy"
    assert simulator.ledger()["totals"]["images_charged"] == 1
