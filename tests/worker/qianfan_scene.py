"""Orders and answers of Qianfan's first API, as tests write them from the vendor's documents."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx2

from schemas.clock import Clock, SystemClock
from schemas.job import Job
from schemas.model import Model
from schemas.parameter import Kind, Parameter
from tests.worker.wire import Play, answer
from worker.connection import open_http
from worker.providers.port import SharedToken
from worker.providers.qianfan import Credentials, Qianfan
from worker.providers.qianfan_signature import KeyPair

ACCESS = "ak-4a3a19b"
SECRET = "sk-0123456789abcdef"
TOKEN = "24.4a3a19b.2592000.1798000000.282335-18992"
PROMPT = "一只戴着草帽的橘猫，水彩"
PICTURE = b"\x89PNG\r\n\x1a\nnot really"
PATH = "/rpc/2.0/ai_custom/v1/wenxinworkshop/text2image/sd_xl"
OAUTH_PATH = "/oauth/2.0/token"


def b64(data: bytes = PICTURE) -> str:
    return base64.b64encode(data).decode()


def model(**changes: Any) -> Model:
    fields: dict[str, Any] = {
        "provider": "qianfan",
        "name": "sd_xl",
        "title": "text to image",
        "protocol": "qianfan-v1",
        "endpoint": "rpc/2.0/ai_custom/v1/wenxinworkshop/text2image/{model}",
        "synchronous": True,
        "timeout_s": 5.0,
        "result": "inline",
        "prompt_place": "prompt",
        "negative_prompt_limit": 1024,
        "negative_prompt_place": "negative_prompt",
        "max_n": 4,
        "n_place": "n",
        "parameters": {
            "size": Parameter(kind=Kind.SIZE, doc="d", place="", separator="x"),
            "sampler_index": Parameter(kind=Kind.TEXT, doc="d", place=""),
            "steps": Parameter(kind=Kind.INTEGER, doc="d", place=""),
        },
        "rate": "1/s",
        "running": 2,
        "price": Decimal("0.06"),
        "currency": "CNY",
        "price_as_of": date(2026, 11, 20),
        "typical_s": 10,
        "source": "Baidu Qianfan: Stable-Diffusion-XL",
    }
    return Model(**{**fields, **changes})


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": "SKU-1",
        "line": 2,
        "lane": "qianfan:sd_xl@default",
        "prompt": PROMPT,
        "name": "SKU-1",
    }
    return Job(**{**fields, **changes})


def client(
    url: str,
    shared: SharedToken,
    *,
    signs: bool = False,
    keys: tuple[str, str] = (ACCESS, SECRET),
    clock: Clock | None = None,
) -> Qianfan:
    http = open_http(16, httpx2.Timeout(5.0))
    return Qianfan(url, Credentials(KeyPair(*keys), signs), http, shared, clock or SystemClock())


def token_answer(token: str = TOKEN, **fields: Any) -> Play:
    return answer(200, {"access_token": token, "expires_in": 2592000, **fields})


def drawn(*entries: dict[str, Any]) -> Play:
    document = {
        "id": "as-n1ykfe10iz",
        "object": "image",
        "created": 1698146755,
        "data": [{"object": "image", **entry} for entry in entries],
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    return answer(200, document)


def refused(code: int, message: str = "", status: int = 200) -> Play:
    return answer(status, {"error_code": code, "error_msg": message})


class FixedClock(SystemClock):
    """Stands at the moment of the vendor's example."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)
