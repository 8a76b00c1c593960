"""Stability's first API: text to image by an engine's name, several pictures an order.

Source: Stability AI: v1 REST reference, generation.
"""

from __future__ import annotations

from typing import Any

from simulator.calls import json_object
from simulator.checks import BadParameter, Check, number, one_of, whole
from simulator.exchange import Exchange
from simulator.moderation import refuses_prompt
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.stability_desk import Desk, named_error
from simulator.stability_engines import (
    ENGINES,
    GUIDANCE,
    SAMPLERS,
    STYLES,
    V1_CREDITS,
    Engine,
)
from simulator.tasks import Order, Task

_SUFFIX = "/text-to-image"
_LONGEST = 2000
_SIDE = whole(128, 1 << 16, step=64)
_SEED = whole(0, 4294967295)
_CHECKS: dict[str, tuple[str, Check]] = {
    "height": ("invalid_height_or_width", _SIDE),
    "width": ("invalid_height_or_width", _SIDE),
    "samples": ("invalid_samples", whole(1, 10)),
    "cfg_scale": ("bad_request", number(0, 35)),
    "clip_guidance_preset": ("bad_request", one_of(*GUIDANCE)),
    "sampler": ("bad_request", one_of(*SAMPLERS)),
    "seed": ("bad_request", _SEED),
    # An older specification allows 150: the narrower of the two.
    "steps": ("bad_request", whole(10, 50)),
    "style_preset": ("bad_request", one_of(*STYLES)),
}
"""The name of the error, and the check."""


class FirstApi:
    """Takes orders of the first API."""

    def __init__(self, provider: Provider, desk: Desk) -> None:
        self._provider = provider
        self._desk = desk

    async def create(self, exchange: Exchange, path: str) -> None:
        """Answer an order; `path` is what follows /v1/generation/.

        Raises:
            Refusal: It is turned away.
        """
        raw = await exchange.body()
        account = self._desk.account(exchange)
        name = path.removesuffix(_SUFFIX)
        engine = ENGINES.get(name)
        if exchange.method != "POST" or not path.endswith(_SUFFIX):
            raise Refusal(404, "not_found", "The requested resource was not found")
        if engine is None or name in self._provider.settings.retired.split(","):
            raise Refusal(404, "not_found", f"The specified engine (ID {name}) was not found.")
        body = json_object(raw)
        if body is None:
            raise Refusal(400, "bad_request", "body: must be a JSON object")
        if await self._desk.struck(exchange, _first_text(body), name, named_error):
            return
        self._desk.let_in(account)
        as_picture = _as_picture(exchange)
        order = self._order(account, name, engine, body)
        if as_picture and order.n > 1:
            message = "samples: must be 1 unless the Accept header is application/json"
            raise Refusal(400, "invalid_samples", message)
        cost = order.credits * order.n
        if self._desk.left(account) < cost:
            raise Refusal(429, "insufficient_balance", _no_balance(cost, self._desk.left(account)))
        busy = Refusal(429, "rate_limit_exceeded", "Too many requests in progress")
        task = await self._desk.calls.make(exchange, order, busy)
        if task is None:
            return
        if as_picture:
            await self._answer_picture(exchange, task)
        else:
            artifacts = [await self._artifact(task, index) for index in range(order.n)]
            await exchange.answer_json(200, {"artifacts": artifacts})

    def _order(self, account: str, name: str, engine: Engine, body: dict[str, Any]) -> Order:
        prompts = _prompts(body)
        given = {field: body[field] for field in _CHECKS if body.get(field) is not None}
        for field, value in given.items():
            code, check = _CHECKS[field]
            try:
                check(field, value)
            except BadParameter as error:
                raise Refusal(400, code, f"{field}: {error}") from error
        size = given.get("width", 512), given.get("height", 512)
        refused = engine.refuses(*size)
        if refused is not None:
            message = f"height and width: {size[0]}x{size[1]} is not allowed for {name}"
            raise Refusal(400, refused, message)
        if any(refuses_prompt(text) for text in prompts):
            # Words are filtered in what is not wanted as well.
            raise Refusal(400, "invalid_prompts", "Invalid prompts detected")
        return Order(
            account=account,
            model=name,
            prompt=prompts[0],
            n=given.get("samples", 1),
            seed=given.get("seed") or self._provider.draw_seed(),
            size=size,
            style=given.get("style_preset", ""),
            parameters=body,
            blurs=True,
            credits=V1_CREDITS,
        )

    async def _artifact(self, task: Task, index: int) -> dict[str, Any]:
        # What comes in place of a picture that failed is not stated by the vendor: nothing.
        failed = index in task.failures
        return {
            "base64": "" if failed else await self._desk.inline(task, index),
            "seed": (task.order.seed + index) % 4294967296,
            "finishReason": self._desk.finish_reason(task, index),
        }

    async def _answer_picture(self, exchange: Exchange, task: Task) -> None:
        if task.failures:
            failure = task.failures[0]
            raise Refusal(500, "server_error", failure.message)
        headers = [
            ("Finish-Reason", self._desk.finish_reason(task, 0)),
            ("Seed", str(task.order.seed)),
        ]
        await exchange.answer(200, await self._desk.picture(task, 0), "image/png", headers)


def _first_text(body: dict[str, Any]) -> str:
    """The prompt scripts match with, whatever else is wrong with the order."""
    prompts = body.get("text_prompts")
    first = prompts[0] if isinstance(prompts, list) and prompts else None
    return str(first.get("text", "")) if isinstance(first, dict) else ""


def _prompts(body: dict[str, Any]) -> list[str]:
    """The texts of the prompts, what is wanted first."""
    prompts = body.get("text_prompts")
    if not isinstance(prompts, list) or not prompts:
        raise Refusal(400, "bad_request", "text_prompts: is required")
    weighed: list[tuple[float, str]] = []
    for place, entry in enumerate(prompts):
        where = f"text_prompts[{place}]"
        text = entry.get("text") if isinstance(entry, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise Refusal(400, "bad_request", f"{where}.text: is required")
        if len(text) > _LONGEST:
            message = f"{where}.text: length must be less than or equal to {_LONGEST}"
            raise Refusal(400, "bad_request", message)
        weight = entry.get("weight", 1)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise Refusal(400, "bad_request", f"{where}.weight: must be a number")
        weighed.append((weight, text))
    # Whether an order of unwanted things alone is taken is not stated by the vendor.
    return [text for weight, text in weighed if weight >= 0] + [
        text for weight, text in weighed if weight < 0
    ]


def _as_picture(exchange: Exchange) -> bool:
    """Whether the client wants the bytes of the picture rather than JSON."""
    accepted = (exchange.header(b"accept") or "*/*").partition(";")[0].strip()
    if accepted not in ("application/json", "image/png", "*/*"):
        raise Refusal(400, "bad_request", "Accept: must be application/json or image/png")
    return accepted == "image/png"


def _no_balance(cost: float, left: float) -> str:
    return (
        "Your organization does not have enough balance to request this action "
        f"(need ${cost / 100:.3f}, have ${left / 100:.3f} in balance)"
    )
