"""Orders and answers of servers that speak OpenAI's images API, as tests write them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from worker.connection import open_http
from worker.policy.classification import OPENAI, ErrorTable
from worker.providers.openai import OpenAIImages

KEY = "sk-0123456789abcdef"
PROMPT = "一只戴着草帽的橘猫，水彩"
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
NOW_S = NOW.timestamp()
PICTURE = b"\x89PNG not really"
B64 = base64.b64encode(PICTURE).decode()


class StandingClock:
    """A clock that shows the same moment for ever."""

    def now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return 0.0

    def sleep(self, wait_s: float) -> None:
        raise AssertionError(f"a client waited {wait_s} s")


def model(**changes: Any) -> Model:
    fields: dict[str, Any] = {
        "provider": "openai",
        "name": "gpt-image-1",
        "title": "a model of tests",
        "protocol": "openai-images",
        "endpoint": "images/generations",
        "synchronous": True,
        "result": "inline",
        "prompt_place": "prompt",
        "negative_prompt_limit": 500,
        "negative_prompt_place": "negative_prompt",
        "max_n": 4,
        "n_place": "n",
        "parameters": {
            "size": Parameter(kind=Kind.SIZE, doc="sides in pixels", place="", separator="x")
        },
        "rate": "5/s",
        "running": 4,
        "price": "0.04",
        "currency": "USD",
        "price_as_of": date(2026, 11, 20),
        "typical_s": 20.0,
        "source": "tests",
    }
    return Model(**{**fields, **changes})


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": "SKU-1",
        "line": 2,
        "lane": "openai:gpt-image-1@default",
        "prompt": PROMPT,
        "name": "SKU-1",
    }
    return Job(**{**fields, **changes})


@contextmanager
def client(url: str, key: str | None = KEY, errors: ErrorTable = OPENAI) -> Iterator[OpenAIImages]:
    opened = OpenAIImages(f"{url}/v1", key, errors, open_http(2), StandingClock())
    try:
        yield opened
    finally:
        opened.close()
