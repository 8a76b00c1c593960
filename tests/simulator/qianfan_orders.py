"""Orders at Baidu's first API, with an access token each."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.simulator.running import RunningSimulator

PATH = "/rpc/2.0/ai_custom/v1/wenxinworkshop/text2image/sd_xl"
CAT = {"prompt": "a cat"}


def ask_token(simulator: RunningSimulator, **changes: str) -> httpx2.Response:
    asked = {
        "grant_type": "client_credentials",
        "client_id": "ak",
        "client_secret": "sk",
        **changes,
    }
    return simulator.anonymous.post("/oauth/2.0/token", params=asked)


def token(simulator: RunningSimulator, client: str = "ak") -> str:
    answer = ask_token(simulator, client_id=client)
    assert answer.status_code == 200, answer.text
    access_token: str = answer.json()["access_token"]
    return access_token


def order(simulator: RunningSimulator, client: str = "ak", **fields: Any) -> httpx2.Response:
    return simulator.anonymous.post(
        PATH, params={"access_token": token(simulator, client)}, json={**CAT, **fields}
    )


def good(answer: httpx2.Response) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert "error_code" not in document, document
    return document


def refused(answer: httpx2.Response, code: int) -> str:
    """The words of an error that must have that code."""
    assert answer.status_code == 200
    document = answer.json()
    assert document["error_code"] == code, document
    message: str = document["error_msg"]
    return message
