"""Baidu Qianfan's second API: images in OpenAI's style, with sizes and errors of its own.

Sources: Baidu Qianfan V2: image generation; error codes (2025-12-23).
"""

from __future__ import annotations

from typing import Any

from simulator.calls import Calls, is_good, json_object, key_of, made, pixels
from simulator.checks import BadParameter, Check, flag, number, one_of, text, whole
from simulator.dashscope_model import Picture
from simulator.exchange import Exchange
from simulator.moderation import refuses_prompt
from simulator.provider import WITHHELD, Provider
from simulator.qianfan import answer_id
from simulator.refusal import Refusal
from simulator.seen import Seen, Unseen, see
from simulator.tasks import Order, Task

_PATH = "/v2/images/generations"
_SIDES = range(512, 2049)


def _size(name: str, value: Any) -> None:
    found = pixels(value) if isinstance(value, str) else None
    if found is None or found[0] not in _SIDES or found[1] not in _SIDES:
        raise BadParameter(f"{name} must be WIDTHxHEIGHT from 512x512 to 2048x2048.")


_COMMON: dict[str, Check] = {
    "n": whole(1, 4),
    "size": _size,
    "steps": whole(1, 50),
    "seed": whole(0, 4294967295),
    "user": text(),
    "response_format": one_of("url", "b64_json"),
    "refer_image": text(),
    "prompt_extend": flag,
    "watermark": flag,
    "negative_prompt": text(500),
}
MODELS: dict[str, tuple[int, dict[str, Check]]] = {
    "irag-1.0": (220, _COMMON),
    "flux.1-schnell": (512, {**_COMMON, "guidance": number(0, 30)}),
    "qwen-image": (800, {**_COMMON, "guidance": number(0, 20), "n": whole(1, 1)}),
}
"""Characters of a prompt, and checks of the other fields."""
_PICTURE = Picture(data=True, sides=(128, 1 << 16), ratio=4)
_TYPES = {400: "invalid_request_error", 401: "invalid_request_error", 403: "unsafe_request"}
_TOO_MANY = (429, "rpm_rate_limit_exceeded", "Rate limit reached for requests per minute")
_BUSY = (429, "cluster_rate_limit_exceeded", "The cluster is busy, please try again later")
_UNSAFE = (403, "system_unsafe", "The content is unsafe and was blocked by the system")


class QianfanV2:
    """Translates between Baidu's second API and the provider."""

    prefixes: tuple[str, ...] = ("/v2/",)

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._calls = Calls(provider)

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        exchange.endpoint = "create"
        try:
            await self._create(exchange)
        except Refusal as refusal:
            error = _error(refusal.status, refusal.code, refusal.message)
            await exchange.answer_json(refusal.status, error)

    async def _create(self, exchange: Exchange) -> None:
        raw = await exchange.body()
        if exchange.path != _PATH:
            raise Refusal(404, "invalid_url", "The path does not exist")
        if exchange.method != "POST":
            raise Refusal(405, "method_not_supported", "Only POST is supported")
        key = key_of(exchange)
        if key is None or not is_good(key, "bce-v3/", "sk-"):
            raise Refusal(401, "invalid_iam_token", "IAM certification failed")
        account = self._provider.account(key)
        body = json_object(raw)
        if body is None:
            raise Refusal(400, "malformed_json", "The body is no JSON object")
        model, prompt = self._named(body)
        if await self._calls.struck(exchange, prompt, model, _error):
            return
        if not self._provider.may_submit(account, model):
            raise Refusal(*_TOO_MANY)
        order = await self._order(account, model, prompt, body)
        task = await self._calls.make(exchange, order, Refusal(*_BUSY))
        if task is not None:
            await exchange.answer_json(200, await self._answer(exchange, task))

    def _named(self, body: dict[str, Any]) -> tuple[str, str]:
        model, prompt = body.get("model"), body.get("prompt")
        gone = self._provider.settings.retired.split(",")
        if not isinstance(model, str) or model not in MODELS or model in gone:
            raise Refusal(400, "invalid_model", "The model does not exist")
        return model, prompt if isinstance(prompt, str) else ""

    async def _order(self, account: str, model: str, prompt: str, body: dict[str, Any]) -> Order:
        longest, checks = MODELS[model]
        if not prompt.strip():
            raise Refusal(400, "invalid_argument", "prompt is required")
        if len(prompt) > longest:
            message = f"prompt must not be longer than {longest} characters"
            raise Refusal(400, "characters_too_long", message)
        given = {name: body[name] for name in checks if body.get(name) is not None}
        try:
            for name, value in given.items():
                checks[name](name, value)
        except BadParameter as error:
            raise Refusal(400, "invalid_argument", str(error)) from error
        if refuses_prompt(f"{prompt} {given.get('negative_prompt', '')}"):
            raise Refusal(*_UNSAFE)
        seen = await self._see(given.get("refer_image"))
        width, height = pixels(given.get("size", "1024x1024")) or (1024, 1024)
        return Order(
            account=account,
            model=model,
            prompt=prompt,
            n=given.get("n", 1),
            seed=given["seed"] if "seed" in given else self._provider.draw_seed(),
            size=(width, height),
            style="",
            parameters={name: value for name, value in given.items() if name != "refer_image"},
            inputs=seen.labels,
        )

    async def _see(self, address: str | None) -> Seen:
        addresses = [address] if address else []
        try:
            return await see("refer_image", addresses, _PICTURE, self._provider.gallery)
        except Unseen as error:
            # The vendor's own spelling.
            code = "invalid_image_url" if error.address else "invalid_image_genration_refer_image"
            raise Refusal(400, code, str(error)) from error

    async def _answer(self, exchange: Exchange, task: Task) -> dict[str, Any]:
        indexes = made(task)
        if not indexes:
            failure = task.failures[0]
            if failure.code == WITHHELD.code:
                raise Refusal(*_UNSAFE)
            raise Refusal(500, "image_genration_interal_error", failure.message)
        # What becomes of a picture that is withheld is not stated by the vendor: it is left out.
        data: list[dict[str, str]] = []
        for index in indexes:
            if task.order.parameters.get("response_format") == "b64_json":
                data.append({"b64_json": await self._calls.inline(task, index)})
            else:
                data.append({"url": self._provider.result_url(exchange.origin, task, index)})
        return {"id": answer_id(), "created": int(task.submitted_s), "data": data}


def _error(status: int, code: str, message: str) -> dict[str, Any]:
    """An error as the second API writes it."""
    kind = "rate_limit_exceeded" if status == 429 else _TYPES.get(status, "server_error")
    return {"error": {"code": code, "message": message, "type": kind}, "id": answer_id()}
