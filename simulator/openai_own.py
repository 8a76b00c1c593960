"""OpenAI itself: the GPT image models and DALL-E, which refuse what they do not know.

And a server of one's own, as vLLM-Omni, SGLang or LocalAI are: it wants no key, takes a seed, steps
and a negative prompt too, and ignores the rest.

Sources: OpenAI: images API reference, rate limits, error codes; vLLM-Omni: images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.calls import pixels
from simulator.checks import BadParameter, Check, flag, number, one_of, text, whole
from simulator.openai_house import Answer, Asked, Blocked, drawn, duration, not_streamed
from simulator.refusal import Refusal
from simulator.tasks import Task, new_id

_AUTO = (1024, 1024)
_QUALITIES = ("auto", "low", "medium", "high")
_TILE = 16
# OpenAI: image generation guide.
_AREA = (655_360, 8_294_400)
_TOKENS = {"low": 272, "medium": 1056, "high": 4160, "auto": 4160}
"""Output tokens of a square picture (OpenAI: image generation guide)."""


def _free(name: str, value: Any) -> None:
    """Any width and height that are multiples of 16, and neither too large nor too long."""
    if value == "auto":
        return
    found = pixels(value) if isinstance(value, str) else None
    if found is None or found[0] % _TILE or found[1] % _TILE:
        raise BadParameter(f"Invalid {name}: width and height must be divisible by 16.")
    if max(found) > 3840 or max(found) > 3 * min(found):
        raise BadParameter(f"Invalid {name}: the edge or the aspect ratio is too large.")
    if not _AREA[0] <= found[0] * found[1] <= _AREA[1]:
        raise BadParameter(f"Invalid {name}: the number of pixels is out of range.")


_ALL: dict[str, Check] = {"model": text(), "n": whole(1, 10), "user": text()}
_GPT: dict[str, Check] = {
    **_ALL,
    "prompt": text(32000),
    "size": one_of("auto", "1024x1024", "1536x1024", "1024x1536"),
    "quality": one_of(*_QUALITIES),
    "background": one_of("transparent", "opaque", "auto"),
    "moderation": one_of("low", "auto"),
    "output_format": one_of("png", "jpeg", "webp"),
    "output_compression": whole(0, 100),
    "partial_images": whole(0, 0),
    "stream": not_streamed,
    "safety_identifier": text(),
}
_GPT_2: dict[str, Check] = {**_GPT, "size": _free}
_DALLE_2: dict[str, Check] = {
    **_ALL,
    "prompt": text(1000),
    "size": one_of("256x256", "512x512", "1024x1024"),
    "quality": one_of("standard"),
    "response_format": one_of("url", "b64_json"),
}
_DALLE_3: dict[str, Check] = {
    **_DALLE_2,
    "prompt": text(4000),
    "n": whole(1, 1),
    "size": one_of("1024x1024", "1792x1024", "1024x1792"),
    "quality": one_of("standard", "hd"),
    "style": one_of("vivid", "natural"),
}
MODELS: Mapping[str, Mapping[str, Check]] = {
    "dall-e-2": _DALLE_2,
    "dall-e-3": _DALLE_3,
    "gpt-image-1": _GPT,
    "gpt-image-1-mini": _GPT,
    "gpt-image-1.5": _GPT,
    "gpt-image-2": _GPT_2,
    "gpt-image-2-2026-04-21": _GPT_2,
}
FAMILIES = ("gpt-", "dall-e", "chatgpt-")
"""How names of OpenAI's own models begin."""


@dataclass(frozen=True, slots=True)
class OpenAIHouse:
    """OpenAI."""

    keys: tuple[str, ...] = ("sk-",)
    fails_singly: bool = False

    def knows(self, model: str) -> bool:
        """Whether it is one of the models of the API reference."""
        return model in MODELS

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        """An error with its message, type, param and code."""
        kind = _type(status, code)
        return {"error": {"message": message, "type": kind, "param": None, "code": code or None}}

    def unknown(self, model: str) -> Refusal:
        """HTTP 404 model_not_found."""
        message = f"The model '{model}' does not exist or you do not have access to it."
        return Refusal(404, "model_not_found", message)

    def no_key(self) -> Refusal:
        """HTTP 401 invalid_api_key."""
        message = "Incorrect API key provided. You can find your API key in your account."
        return Refusal(401, "invalid_api_key", message)

    def too_fast(self, rate: float) -> Refusal:
        """HTTP 429 with the time to wait in every form OpenAI has for it."""
        wait_s = 1 / rate
        a_minute = str(max(1, int(rate * 60)))
        message = (
            f"Rate limit reached for images per minute: Limit {a_minute}, Used {a_minute}, "
            f"Requested 1. Please try again in {duration(wait_s)}."
        )
        headers = [
            ("retry-after", str(math.ceil(wait_s))),
            ("retry-after-ms", str(math.ceil(wait_s * 1000))),
        ]
        for unit in ("requests", "images"):
            headers += [
                (f"x-ratelimit-limit-{unit}", a_minute),
                (f"x-ratelimit-remaining-{unit}", "0"),
                (f"x-ratelimit-reset-{unit}", duration(wait_s)),
            ]
        return Refusal(429, "rate_limit_exceeded", message, headers)

    def busy(self) -> Refusal:
        """HTTP 503, as when the engine is overloaded."""
        return Refusal(503, "server_error", "The engine is currently overloaded.")

    def unsafe(self, model: str, stage: str) -> Refusal:
        """HTTP 400: moderation_blocked, at DALL-E content_policy_violation."""
        if model.startswith("dall-e"):
            message = "Your request was rejected as a result of our safety system."
            return Refusal(400, "content_policy_violation", message)
        category = "sexual" if stage == "output" else "violence"
        message = (
            "Your request was rejected by the safety system. If you believe this is an error, "
            f"contact us and include the request ID {new_id()}. safety_violations=[{category}]."
        )
        details = {"moderation_stage": stage, "categories": [category]}
        return Blocked(400, "moderation_blocked", message, details)

    def failed(self, code: str, message: str) -> Refusal:
        """HTTP 500."""
        return Refusal(500, code, message)

    def bad(self, message: str) -> Refusal:
        """HTTP 400."""
        return Refusal(400, "invalid_value", message)

    def read(self, model: str, body: dict[str, Any]) -> Asked:
        """Check an order; a field nobody knows is a mistake."""
        checks = MODELS[model]
        for name in body:
            if name not in checks:
                raise Refusal(400, "unknown_parameter", f"Unknown parameter: '{name}'.")
        given = {name: value for name, value in body.items() if value is not None}
        if not isinstance(given.get("prompt"), str) or not given["prompt"].strip():
            message = "Missing required parameter: 'prompt'."
            raise Refusal(400, "missing_required_parameter", message)
        for name, value in given.items():
            checks[name](name, value)
        kind = given.get("output_format", "png")
        if given.get("background") == "transparent" and kind == "jpeg":
            raise BadParameter("Transparent background is not supported for jpeg output format.")
        if "output_compression" in given and kind == "png" and given["output_compression"] < 100:
            raise BadParameter("Compression less than 100 is not supported for PNG output format.")
        gpt = not model.startswith("dall-e")
        return Asked(
            prompt=given["prompt"],
            n=given.get("n", 1),
            size=pixels(given.get("size", "1024x1024")) or _AUTO,
            style=given.get("style", ""),
            format="jpg" if kind == "jpeg" else kind,
            inline=gpt or given.get("response_format") == "b64_json",
            parameters={name: value for name, value in given.items() if name != "prompt"},
        )

    def answer(self, task: Task, asked: Asked, pictures: Sequence[dict[str, Any]]) -> Answer:
        """Pictures, and at the GPT image models what they were drawn with and the tokens."""
        order, data = task.order, drawn(pictures)
        document: dict[str, Any] = {"created": int(task.submitted_s), "data": data}
        if order.model == "dall-e-3":
            for picture in data:
                picture["revised_prompt"] = f"{order.prompt}, in fine detail"
        if not order.model.startswith("dall-e"):
            quality = asked.parameters.get("quality", "auto")
            document |= {
                "background": asked.parameters.get("background", "auto"),
                "output_format": "jpeg" if order.format == "jpg" else order.format,
                "quality": "high" if quality == "auto" else quality,
                "size": f"{order.size[0]}x{order.size[1]}",
                "usage": _usage(task, _TOKENS[quality]),
            }
        return Answer(document, (("x-request-id", f"req_{new_id().replace('-', '')}"),))


@dataclass(frozen=True, slots=True)
class OwnServer(OpenAIHouse):
    """A server in the next room, with whatever model it was given."""

    keys: tuple[str, ...] = ()

    def knows(self, model: str) -> bool:
        """Any model, for one never knows."""
        return bool(model)

    def read(self, model: str, body: dict[str, Any]) -> Asked:  # noqa: ARG002 - all alike
        """Check what is known; everything else is ignored."""
        given = {name: value for name, value in body.items() if value is not None}
        if not isinstance(given.get("prompt"), str) or not given["prompt"].strip():
            raise BadParameter("prompt: Field required")
        for name, value in given.items():
            if name in _OWN:
                _OWN[name](name, value)
        wide, high = given.get("width"), given.get("height")
        size = given.get("size", "auto")
        found = pixels(size) if isinstance(size, str) else None
        if found is None and size != "auto":
            raise BadParameter("size must be WIDTHxHEIGHT or auto")
        if found is not None and max(found) > 4096:
            raise BadParameter("size must not exceed 4096x4096")
        return Asked(
            prompt=given["prompt"],
            n=given.get("n", 1),
            seed=given.get("seed"),
            size=(wide, high) if wide and high else found or _AUTO,
            inline=given.get("response_format", "b64_json") != "url",
            words=given.get("negative_prompt", ""),
            parameters={name: value for name, value in given.items() if name != "prompt"},
        )

    def answer(self, task: Task, asked: Asked, pictures: Sequence[dict[str, Any]]) -> Answer:  # noqa: ARG002 - nothing of it is told
        """The pictures, and no more."""
        return Answer({"created": int(task.submitted_s), "data": drawn(pictures)})


_OWN: dict[str, Check] = {
    "n": whole(1, 10),
    "seed": whole(0, 2**63 - 1),
    "width": whole(16, 4096),
    "height": whole(16, 4096),
    "steps": whole(1, 1000),
    "num_inference_steps": whole(1, 1000),
    "guidance_scale": number(0, 1000),
    "negative_prompt": text(),
    "response_format": one_of("url", "b64_json", "base64"),
    "stream": flag,
}


def _usage(task: Task, tokens: int) -> dict[str, Any]:
    words = max(1, len(task.order.prompt) // 4)
    drawn = tokens * task.images_made
    return {
        "input_tokens": words,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": words},
        "output_tokens": drawn,
        "total_tokens": words + drawn,
    }


def _type(status: int, code: str) -> str:
    if code == "moderation_blocked":
        return "image_generation_user_error"
    if code in ("insufficient_quota", "rate_limit_exceeded"):
        return code if code == "insufficient_quota" else "requests"
    return "server_error" if status >= 500 else "invalid_request_error"
