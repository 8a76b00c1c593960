"""Stability's second API: core, ultra and the SD 3.5 models, one picture an order, as a form.

Source: Stability AI: v2beta stable image, generate (2026-09).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from simulator.dashscope_model import Picture
from simulator.exchange import Exchange
from simulator.moderation import refuses_prompt
from simulator.multipart import BadMultipart, Part, read_multipart
from simulator.provider import Provider
from simulator.refusal import Refusal
from simulator.seen import Seen, Unseen, see
from simulator.stability_desk import Desk, listed_error
from simulator.stability_engines import IMAGES, RATIOS, REROUTED, STYLES, Image
from simulator.tasks import Order, Task, new_id

_NAMES = {"core": "stable-image-core", "ultra": "stable-image-ultra"}
_LONGEST = 10000
_MOST_BYTES = 10 * 1024 * 1024
_SEED_MAX = 4294967294
_CHINESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_PICTURE = Picture(data=True, sides=(64, 1 << 14), megabytes=10)
_POOR = (
    "You lack sufficient credits to make this request. "
    "Please purchase more credits at https://platform.stability.ai/account/credits and try again."
)
_FLAGGED = (
    "Your request was flagged by our content moderation system, as a result your request was "
    "denied and you were not charged."
)


class SecondApi:
    """Takes orders of the second API."""

    def __init__(self, provider: Provider, desk: Desk) -> None:
        self._provider = provider
        self._desk = desk

    async def create(self, exchange: Exchange, path: str) -> None:
        """Answer an order; `path` is what follows /v2beta/stable-image/generate/.

        Raises:
            Refusal: It is turned away.
        """
        raw = await exchange.body()
        account = self._desk.account(exchange)
        if exchange.method != "POST" or path not in (*_NAMES, "sd3"):
            raise Refusal(404, "not_found", "The requested resource was not found")
        if len(raw) > _MOST_BYTES:
            message = "body: payloads cannot be larger than 10MiB in size"
            raise Refusal(413, "payload_too_large", message)
        fields = _fields(exchange.header(b"content-type"), raw)
        name = _NAMES.get(path) or _model(fields)
        prompt = _text(fields, "prompt")
        if await self._desk.struck(exchange, prompt, name, listed_error):
            return
        if name in self._provider.settings.retired.split(","):
            raise Refusal(404, "not_found", f"{name} is no longer available")
        self._desk.let_in(account)
        as_json = _as_json(exchange)
        form = _Form(IMAGES[name], fields)
        form.check()
        seen = await self._see(fields.get("image"))
        if _CHINESE.search(prompt):
            message = "prompt: English is the only supported language for this service."
            raise Refusal(422, "invalid_language", message)
        if refuses_prompt(f"{prompt} {_text(fields, 'negative_prompt')}"):
            raise Refusal(403, "content_moderation", _FLAGGED)
        order = self._order(account, name, form, seen)
        if self._desk.left(account) < order.credits:
            raise Refusal(402, "payment_required", _POOR)
        busy = Refusal(429, "rate_limit_exceeded", "Too many requests in progress")
        task = await self._desk.calls.make(exchange, order, busy)
        if task is not None:
            await self._answer(exchange, task, as_json)

    async def _see(self, part: Part | None) -> Seen:
        if part is None:
            return Seen()
        address = f"data:image/png;base64,{base64.b64encode(part.content).decode()}"
        try:
            return await see("image", [address], _PICTURE, self._provider.gallery)
        except Unseen as error:
            raise Refusal(400, "bad_request", f"image: {error}") from error

    def _order(self, account: str, name: str, form: _Form, seen: Seen) -> Order:
        fields, image = form.fields, IMAGES[name]
        seed = int(_text(fields, "seed") or 0)
        wanted = _text(fields, "output_format") or "png"
        ratio = _text(fields, "aspect_ratio") or "1:1"
        return Order(
            account=account,
            model=name,
            prompt=_text(fields, "prompt"),
            n=1,
            seed=seed or self._provider.draw_seed(),
            size=seen.base or image.size(ratio),
            style=_text(fields, "style_preset"),
            parameters={
                key: part.text for key, part in fields.items() if key not in ("prompt", "image")
            },
            format="jpg" if wanted == "jpeg" else wanted,
            inputs=seen.labels,
            blurs=True,
            credits=image.credits,
        )

    async def _answer(self, exchange: Exchange, task: Task, as_json: bool) -> None:
        if task.failures:
            raise Refusal(500, "internal_error", task.failures[0].message)
        seed, reason = task.order.seed, self._desk.finish_reason(task, 0)
        headers = [("x-request-id", new_id()), ("finish-reason", reason), ("seed", str(seed))]
        if as_json:
            content = await self._desk.inline(task, 0)
            document = {"image": content, "seed": seed, "finish_reason": reason}
            await exchange.answer_json(200, document, headers)
            return
        kind = "jpeg" if task.order.format == "jpg" else task.order.format
        picture = await self._desk.picture(task, 0)
        await exchange.answer(200, picture, _TYPES[kind], headers)


class _Form:
    """The fields of an order, and everything that is wrong with them at once."""

    def __init__(self, image: Image, fields: Mapping[str, Part]) -> None:
        self._image = image
        self.fields = fields
        self._errors: list[str] = []

    def check(self) -> None:
        """Find all mistakes.

        Raises:
            Refusal: There are some.
        """
        image = self._image
        self._prompt("prompt", required=True)
        self._prompt("negative_prompt", required=False)
        if not image.unwanted and _text(self.fields, "negative_prompt"):
            self._errors.append("negative_prompt: is not supported by this model")
        self._choice("aspect_ratio", tuple(RATIOS))
        self._choice("style_preset", STYLES)
        self._choice("output_format", image.formats)
        self._number("seed", 0, _SEED_MAX, whole=True)
        if image.is_sd3:
            self._number("cfg_scale", 1, 10)
            self._choice("mode", ("text-to-image", "image-to-image"))
        if image.edits:
            self._number("strength", 0, 1)
            self._picture()
        if self._errors:
            raise Refusal(400, "bad_request", "\n".join(self._errors))

    def _prompt(self, name: str, required: bool) -> None:
        text = _text(self.fields, name)
        if required and not text.strip():
            self._errors.append(f"{name}: is required")
        if len(text) > _LONGEST:
            self._errors.append(f"{name}: cannot be longer than {_LONGEST} characters")

    def _choice(self, name: str, choices: tuple[str, ...]) -> None:
        text = _text(self.fields, name)
        if text and text not in choices:
            self._errors.append(f"{name}: must be one of {', '.join(choices)}")

    def _number(self, name: str, low: float, high: float, whole: bool = False) -> None:
        text = _text(self.fields, name)
        form = r"\d{1,10}" if whole else r"\d{1,10}(?:\.\d{1,10})?"
        if text and not (re.fullmatch(form, text, re.ASCII) and low <= float(text) <= high):
            kind = "an integer" if whole else "a number"
            self._errors.append(f"{name}: must be {kind} from {low:g} to {high:g}")

    def _picture(self) -> None:
        given = "image" in self.fields
        if given != bool(_text(self.fields, "strength")):
            self._errors.append("image, strength: are required together")
        if not self._image.is_sd3:
            return
        edits = _text(self.fields, "mode") == "image-to-image"
        if edits != given:
            self._errors.append("image: is for image-to-image, which requires it")
        if edits and _text(self.fields, "aspect_ratio"):
            self._errors.append("aspect_ratio: is only for text-to-image")


def _fields(content_type: str | None, raw: bytes) -> dict[str, Part]:
    try:
        return {part.name: part for part in read_multipart(content_type, raw)}
    except BadMultipart as error:
        message = "content-type: must be multipart/form-data"
        raise Refusal(400, "bad_request", f"{message}\nbody: {error}") from error


def _model(fields: Mapping[str, Part]) -> str:
    asked = _text(fields, "model") or "sd3.5-large"
    name = REROUTED.get(asked, asked)
    if name not in IMAGES or not IMAGES[name].is_sd3:
        known = ", ".join(name for name, image in IMAGES.items() if image.is_sd3)
        raise Refusal(400, "bad_request", f"model: must be one of {known}")
    return name


def _text(fields: Mapping[str, Any], name: str) -> str:
    part = fields.get(name)
    return part.text if isinstance(part, Part) else ""


def _as_json(exchange: Exchange) -> bool:
    """Whether the client wants JSON rather than the bytes of the picture."""
    accepted = (exchange.header(b"accept") or "*/*").partition(";")[0].strip()
    if accepted not in ("application/json", "image/*", "*/*"):
        raise Refusal(400, "bad_request", "accept: must be image/* or application/json")
    return accepted == "application/json"
