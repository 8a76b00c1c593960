"""Baidu Qianfan's first API: Stable Diffusion XL with its pictures in the answer.

Every error comes as HTTP 200 with an error_code in the body.

Sources: Baidu Qianfan: Stable-Diffusion-XL (2024-12-30), error codes (2025-09-05).
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from simulator.calls import Calls, json_object, made
from simulator.checks import BadParameter, Check, number, one_of, text, whole
from simulator.exchange import Exchange
from simulator.moderation import refuses_prompt
from simulator.provider import WITHHELD, Provider
from simulator.qianfan_access import Access
from simulator.refusal import Refusal
from simulator.tasks import Order, Task

TOKEN = "/oauth/2.0/token"  # noqa: S105  # a path
_MODELS = "/rpc/2.0/ai_custom/v1/wenxinworkshop/text2image/"
MODEL = "sd_xl"
SIZES = (
    *("768x768", "1024x1024", "1536x1536", "2048x2048", "1024x768", "2048x1536", "768x1024"),
    *("1536x2048", "1024x576", "2048x1152", "576x1024", "1152x2048"),
)
SAMPLERS = (
    *("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M Karras", "LMS Karras", "DPM++ SDE"),
    *("DPM++ SDE Karras", "DPM2 a Karras", "Heun", "DPM++ 2M SDE", "DPM++ 2M SDE Karras"),
    *("DPM2", "DPM2 Karras", "DPM2 a", "LMS"),
)
STYLES = (
    *("Base", "3D Model", "Analog Film", "Anime", "Cinematic", "Comic Book", "Craft Clay"),
    *("Digital Art", "Enhance", "Fantasy Art", "Isometric", "Line Art", "Lowpoly", "Neonpunk"),
    *("Origami", "Photographic", "Pixel Art", "Texture"),
)
_CHECKS: dict[str, Check] = {
    "prompt": text(1024),
    "negative_prompt": text(1024),
    "size": one_of(*SIZES),
    "n": whole(1, 4),
    "steps": whole(10, 50),
    "sampler_index": one_of(*SAMPLERS),
    "seed": whole(0, 4294967295),
    "cfg_scale": number(0, 30),
    "style": one_of(*STYLES),
    "user_id": text(),
}
_WORD = re.compile(r"[A-Za-z0-9']+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")

_UNSUPPORTED = (200, "3", "Unsupported openapi method")
_NO_MODEL = (200, "336005", "API name not exist")
_WRONG_METHOD = (200, "336101", "Invalid HTTP method")
_NO_JSON = (200, "336002", "Invalid JSON")
_BUSY = (200, "336100", "the server is currently overloaded with other requests")
_TOO_FAST = (200, "18", "Open api qps request limit reached")
_TOO_MANY = (200, "336501", "Rate limit reached for RPM")
# The vendor states no code for content; the words are what tells it from a wrong value.
SENSITIVE = "the prompt or the picture contains sensitive content (敏感), please revise it"


class Qianfan:
    """Translates between Baidu's first API and the provider."""

    prefixes: tuple[str, ...] = ("/rpc/2.0/", TOKEN)

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._access = Access(provider)
        self._calls = Calls(provider)

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        if exchange.path == TOKEN:
            exchange.endpoint = "token"
            await self._access.hand_out(exchange)
            return
        try:
            await self._create(exchange)
        except Refusal as refusal:
            error = _error(refusal.status, refusal.code, refusal.message)
            await exchange.answer_json(refusal.status, error, self._headers())

    async def _create(self, exchange: Exchange) -> None:
        exchange.endpoint = "create"
        raw = await exchange.body()
        if not exchange.path.startswith(_MODELS):
            raise Refusal(*_UNSUPPORTED)
        if exchange.method != "POST":
            raise Refusal(*_WRONG_METHOD)
        model = exchange.path[len(_MODELS) :]
        if model != MODEL or model in self._provider.settings.retired.split(","):
            raise Refusal(*_NO_MODEL)
        account = self._access.account(exchange)
        body = json_object(raw)
        if body is None:
            raise Refusal(*_NO_JSON)
        prompt = body.get("prompt")
        named = prompt if isinstance(prompt, str) else ""
        if await self._calls.struck(exchange, named, MODEL, _error):
            return
        if not self._provider.may_submit(account, MODEL):
            raise Refusal(*(_TOO_FAST if self._provider.settings.rate >= 1 else _TOO_MANY))
        order = self._order(account, body)
        task = await self._calls.make(exchange, order, Refusal(*_BUSY))
        if task is not None:
            await exchange.answer_json(200, await self._answer(task), self._headers())

    def _order(self, account: str, body: dict[str, Any]) -> Order:
        if not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
            raise Refusal(200, "336001", "Invalid Argument: prompt is required")
        given = {name: body[name] for name in _CHECKS if body.get(name) is not None}
        try:
            for name, value in given.items():
                _CHECKS[name](name, value)
        except BadParameter as error:
            raise Refusal(200, "336003", f"Invalid param: {error}") from error
        if refuses_prompt(f"{body['prompt']} {given.get('negative_prompt', '')}"):
            raise Refusal(200, "336003", SENSITIVE)
        width, _, height = given.get("size", "1024x1024").partition("x")
        return Order(
            account=account,
            model=MODEL,
            prompt=body["prompt"],
            n=given.get("n", 1),
            seed=given["seed"] if "seed" in given else self._provider.draw_seed(),
            size=(int(width), int(height)),
            style=given.get("style", "Base"),
            parameters={name: value for name, value in body.items() if name != "prompt"},
        )

    async def _answer(self, task: Task) -> dict[str, Any]:
        indexes = made(task)
        if not indexes:
            failure = task.failures[0]
            if failure.code == WITHHELD.code:
                raise Refusal(200, "336003", SENSITIVE)
            raise Refusal(200, failure.code, failure.message)
        # What becomes of a picture that is withheld is not stated by the vendor: it is left out.
        data = [
            {
                "object": "image",
                "b64_image": await self._calls.inline(task, index),
                "index": index + 1,
            }
            for index in indexes
        ]
        order = task.order
        tokens = _tokens(f"{order.prompt} {order.parameters.get('negative_prompt') or ''}")
        return {
            "id": answer_id(),
            "object": "image",
            "created": int(task.submitted_s),
            "data": data,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _headers(self) -> list[tuple[str, str]]:
        a_minute = max(1, int(self._provider.settings.rate * 60))
        return [("X-Ratelimit-Limit-Requests", str(a_minute)), ("Request_id", answer_id())]


def answer_id() -> str:
    """An id as Baidu gives every answer."""
    return f"as-{uuid.uuid4().hex[:10]}"


def _tokens(prompt: str) -> int:
    """Chinese characters, and 1.3 for each word: the document's own estimate."""
    chinese = len(_CHINESE.findall(prompt))
    return int(chinese + 1.3 * len(_WORD.findall(prompt)))


def _error(_status: int, code: str, message: str) -> dict[str, Any]:
    """An error as the first API writes it; words in place of a number are an internal error."""
    number_of_it = int(code) if code.isascii() and code.isdigit() else 336000
    return {"error_code": number_of_it, "error_msg": message, "id": answer_id()}
