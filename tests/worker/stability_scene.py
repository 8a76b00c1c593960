"""Orders and answers of Stability's two APIs, as tests write them from the vendor's documents."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from email import message_from_bytes
from email.policy import HTTP
from typing import Any, NamedTuple

import httpx2

from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from tests.worker.wire import Heard, Play, answer
from worker.connection import open_http
from worker.providers.stability import Stability

KEY = "sk-0123456789abcdef"
PROMPT = "A lighthouse on a cliff, größer"
PICTURE = b"\x89PNG\r\n\x1a\nnot really"
ENGINE = "stable-diffusion-v1-6"


def b64(data: bytes = PICTURE) -> str:
    return base64.b64encode(data).decode()


_COMMON: dict[str, Any] = {
    "provider": "stability",
    "title": "text to image",
    "synchronous": True,
    "timeout_s": 5.0,
    "result": "inline",
    "prompt_place": "prompt",
    "negative_prompt_limit": 2000,
    "negative_prompt_place": "negative_prompt",
    "rate": "10/s",
    "running": 2,
    "price": Decimal("0.01"),
    "currency": "USD",
    "price_as_of": date(2026, 11, 20),
    "typical_s": 8,
    "source": "Stability",
}


def _top(kind: Kind, **fields: Any) -> Parameter:
    return Parameter(kind=kind, doc="d", place="", **fields)


def engine(**changes: Any) -> Model:
    """A model of the first API."""
    fields = {
        **_COMMON,
        "name": ENGINE,
        "protocol": "stability-v1",
        "endpoint": "v1/generation/{model}/text-to-image",
        "max_n": 10,
        "n_place": "samples",
        "parameters": {
            "size": _top(Kind.SIZE, split=True),
            "cfg_scale": _top(Kind.NUMBER),
            "steps": _top(Kind.INTEGER),
        },
    }
    return Model(**{**fields, **changes})


def model(service: str = "core", **changes: Any) -> Model:
    """A model of the second API."""
    fields = {
        **_COMMON,
        "name": f"stable-image-{service}",
        "protocol": "stability-v2",
        "endpoint": f"v2beta/stable-image/generate/{service}",
        "sends_n": False,
        "parameters": {
            "aspect_ratio": _top(Kind.RATIO),
            "seed": _top(Kind.INTEGER),
            "strength": _top(Kind.NUMBER),
            "image": _top(Kind.PICTURE),
        },
    }
    return Model(**{**fields, **changes})


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": "SKU-1",
        "line": 2,
        "lane": f"stability:{ENGINE}@default",
        "prompt": PROMPT,
        "name": "SKU-1",
    }
    return Job(**{**fields, **changes})


@contextmanager
def stability(url: str, key: str | None = KEY) -> Iterator[Stability]:
    opened = Stability(url, key, open_http(4, httpx2.Timeout(5.0)))
    try:
        yield opened
    finally:
        opened.close()


def artifacts(*entries: dict[str, Any]) -> Play:
    return answer(200, {"artifacts": list(entries)})


def artifact(
    reason: str = "SUCCESS", seed: int = 1050625087, data: bytes = PICTURE
) -> dict[str, Any]:
    return {"base64": b64(data), "seed": seed, "finishReason": reason}


class FormPart(NamedTuple):
    """One part of a form, as it came."""

    data: bytes
    filename: str | None
    content_type: str | None


def form_of(heard: Heard) -> dict[str, FormPart]:
    """The parts by name, read by Python's own mail parser; no name comes twice."""
    head = f"Content-Type: {heard.headers['Content-Type']}\r\n\r\n".encode()
    found: dict[str, FormPart] = {}
    for part in message_from_bytes(head + heard.body, policy=HTTP).iter_parts():
        name = part.get_param("name", header="content-disposition")
        assert isinstance(name, str)
        assert name not in found
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        content_type = part.get_content_type() if "content-type" in part else None
        found[name] = FormPart(data, part.get_filename(), content_type)
    return found


def error(status: int, name: str, words: str = "because", **headers: str) -> Play:
    """As the first API says it."""
    return answer(status, {"id": "296a972f", "name": name, "message": words}, **headers)


def errors(status: int, name: str, *words: str) -> Play:
    """As the second API says it."""
    return answer(status, {"id": "ea88", "name": name, "errors": list(words)})


REFUSALS = [
    (error(400, "bad_request", "init_image: is required"), ErrorClass.INVALID),
    (error(400, "invalid_samples"), ErrorClass.INVALID),
    (error(400, "invalid_sdxl_v1_dimensions"), ErrorClass.INVALID),
    (error(400, "invalid_prompts", "Invalid prompts detected"), ErrorClass.MODERATED),
    (error(401, "unauthorized", "missing authorization header"), ErrorClass.ACCOUNT),
    (error(403, "permission_denied"), ErrorClass.ACCOUNT),
    (error(404, "not_found", "The specified engine was not found"), ErrorClass.MODEL_GONE),
    (
        error(400, "insufficient_balance", "Your organization does not have enough balance"),
        ErrorClass.ACCOUNT,
    ),
    (error(500, "server_error", "An unexpected server error occurred"), ErrorClass.TRANSIENT),
    (answer(429, b""), ErrorClass.THROTTLED),
    (errors(400, "bad_request", "prompt: is required"), ErrorClass.INVALID),
    (errors(402, "payment_required", "You lack sufficient credits"), ErrorClass.ACCOUNT),
    (errors(403, "content_moderation", "Your request was flagged"), ErrorClass.MODERATED),
    (errors(413, "payload_too_large", "larger than 10MiB"), ErrorClass.INVALID),
    (errors(422, "unprocessable_entity", "English is the only"), ErrorClass.INVALID),
    (errors(429, "rate_limit_exceeded", "150 requests in 10 s"), ErrorClass.THROTTLED),
    (errors(500, "internal_error", "An unexpected error occurred"), ErrorClass.TRANSIENT),
    (answer(302, b"", Location="http://127.0.0.1:1/login"), ErrorClass.ACCOUNT),
    (answer(413, b"<html>Request Entity Too Large</html>"), ErrorClass.INVALID),
]
