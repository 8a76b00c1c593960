"""Volcengine Ark: Seedream models, each picture with an error of its own should it fail.

Sources: Volcengine Ark: image generation API; error codes (2025-11-07).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.calls import pixels
from simulator.checks import BadParameter, Check, flag, number, one_of, text, whole
from simulator.openai_house import Answer, Asked, not_streamed
from simulator.provider import WITHHELD
from simulator.refusal import Refusal
from simulator.tasks import Task, new_id

PREFIX = "doubao-"
OUTPUT = "OutputImageSensitiveContentDetected"
_MOST_PICTURES = 15
_NAMED = {"1K": (1024, 1024), "2K": (2048, 2048), "4K": (4096, 4096)}
_TYPES = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}


@dataclass(frozen=True, slots=True)
class Seedream:
    """One version of the model."""

    sizes: tuple[str, ...] = ()
    """Sizes by name."""
    area: tuple[int, int] = (0, 1 << 40)
    default: str = "2048x2048"
    edits: bool = True
    """Whether it takes pictures and draws series."""
    steers: bool = False
    """Whether it takes a seed and a guidance scale."""


VERSIONS: Mapping[str, Seedream] = {
    "doubao-seedream-3-0": Seedream(default="1024x1024", edits=False, steers=True),
    "doubao-seedream-4-0": Seedream(("1K", "2K", "4K"), (921_600, 16_777_216)),
    "doubao-seedream-4-5": Seedream(("2K", "4K"), (3_686_400, 16_777_216)),
}
"""By how the name begins: what follows is a date."""
_CHECKS: dict[str, Check] = {
    "prompt": text(),
    "response_format": one_of("url", "b64_json"),
    "watermark": flag,
    "stream": not_streamed,
    "sequential_image_generation": one_of("disabled", "auto"),
    "seed": whole(-1, 2147483647),
    "guidance_scale": number(1, 10),
}


@dataclass(frozen=True, slots=True)
class Ark:
    """Volcengine Ark."""

    keys: tuple[str, ...] = ("",)
    """Any: they have no common beginning."""
    fails_singly: bool = True

    def knows(self, model: str) -> bool:
        """Whether it is a Seedream of a known version."""
        return model.startswith(tuple(VERSIONS))

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:
        """An error, with the request's id at the end of its message."""
        kind = "InternalServerError" if status >= 500 else _TYPES.get(status, "BadRequest")
        told = f"{message} Request id: {new_id().replace('-', '')}"
        return {"error": {"code": code, "message": told, "param": "", "type": kind}}

    def unknown(self, model: str) -> Refusal:
        """HTTP 404."""
        message = f"The model or endpoint {model} does not exist or you do not have access to it."
        return Refusal(404, "InvalidEndpointOrModel.NotFound", message)

    def no_key(self) -> Refusal:
        """HTTP 401."""
        message = "The API key in the request is missing or invalid."
        return Refusal(401, "AuthenticationError", message)

    def too_fast(self, rate: float) -> Refusal:
        """HTTP 429: pictures per minute; no time to wait is told."""
        message = f"The account exceeded {max(1, int(rate * 60))} images per minute."
        return Refusal(429, "ModelAccountIpmRateLimitExceeded", message)

    def busy(self) -> Refusal:
        """HTTP 429."""
        return Refusal(429, "ServerOverloaded", "The service is overloaded.")

    def unsafe(self, model: str, stage: str) -> Refusal:  # noqa: ARG002 - all models alike
        """HTTP 400, for the text or for the only picture."""
        if stage == "output":
            return Refusal(400, OUTPUT, "The output image may contain sensitive information.")
        message = "The input text may contain sensitive information."
        return Refusal(400, "InputTextSensitiveContentDetected", message)

    def failed(self, code: str, message: str) -> Refusal:
        """HTTP 400 for content, else HTTP 500."""
        if code == WITHHELD.code:
            return self.unsafe("", "output")
        return Refusal(500, code, message)

    def bad(self, message: str) -> Refusal:
        """HTTP 400."""
        return Refusal(400, "InvalidParameter", message)

    def read(self, model: str, body: dict[str, Any]) -> Asked:
        """Check an order; there is no n, and fields nobody knows are ignored."""
        version = next(known for name, known in VERSIONS.items() if model.startswith(name))
        given = {name: value for name, value in body.items() if value is not None}
        if not isinstance(given.get("prompt"), str) or not given["prompt"].strip():
            raise Refusal(400, "MissingParameter", "The request is missing `prompt`.")
        for name, value in given.items():
            if name in _CHECKS:
                _CHECKS[name](name, value)
        if not version.steers and ("seed" in given or "guidance_scale" in given):
            raise BadParameter("seed and guidance_scale are not supported by this model.")
        pictures = _pictures(version, given)
        seed = given.get("seed", -1)
        return Asked(
            prompt=given["prompt"],
            n=_count(version, given, len(pictures)),
            seed=None if seed == -1 else seed,
            size=_size(version, given.get("size", version.default)),
            format="jpg",
            inline=given.get("response_format") == "b64_json",
            parameters={
                name: value for name, value in given.items() if name not in ("prompt", "image")
            },
            pictures=pictures,
        )

    def answer(self, task: Task, asked: Asked, pictures: Sequence[dict[str, Any]]) -> Answer:  # noqa: ARG002 - nothing of it is told
        """Pictures and errors side by side, and how many of them are billed."""
        width, height = task.order.size
        data = [
            {"error": _own_error(one)} if "error" in one else {**one, "size": f"{width}x{height}"}
            for one in pictures
        ]
        tokens = width * height // 256 * task.images_made
        usage = {
            "generated_images": task.images_made,
            "output_tokens": tokens,
            "total_tokens": tokens,
        }
        document = {
            "model": task.order.model,
            "created": int(task.submitted_s),
            "data": data,
            "usage": usage,
        }
        return Answer(document)


def _own_error(picture: dict[str, Any]) -> dict[str, str]:
    error: dict[str, str] = picture["error"]
    if error["code"] != WITHHELD.code:
        return error
    return {"code": OUTPUT, "message": "The output image may contain sensitive information."}


def _size(version: Seedream, given: object) -> tuple[int, int]:
    if isinstance(given, str) and given in version.sizes:
        return _NAMED[given]
    found = pixels(given) if isinstance(given, str) else None
    if found is None:
        raise BadParameter("The parameter `size` is not valid.")
    low, high = version.area
    if version.steers and not all(512 <= side <= 2048 for side in found):
        raise BadParameter("The parameter `size` must be from 512x512 to 2048x2048.")
    if not low <= found[0] * found[1] <= high or max(found) > 16 * min(found):
        raise BadParameter(f"The parameter `size` must have {low} to {high} pixels.")
    return found


def _pictures(version: Seedream, given: Mapping[str, Any]) -> tuple[str, ...]:
    image = given.get("image")
    if image is None:
        return ()
    images = image if isinstance(image, list) else [image]
    if not version.edits:
        raise BadParameter("The parameter `image` is not supported by this model.")
    if not 1 <= len(images) <= 14 or not all(isinstance(one, str) for one in images):
        raise BadParameter("The parameter `image` must hold 1 to 14 images.")
    return tuple(images)


def _count(version: Seedream, given: Mapping[str, Any], went_in: int) -> int:
    """One picture, or a series; here a series is as long as it may be."""
    if given.get("sequential_image_generation") != "auto":
        return 1
    if not version.edits:
        raise BadParameter("sequential_image_generation is not supported by this model.")
    options = given.get("sequential_image_generation_options") or {}
    most = options.get("max_images", _MOST_PICTURES) if isinstance(options, dict) else 0
    whole(1, _MOST_PICTURES)("max_images", most)
    return max(1, min(int(most), _MOST_PICTURES - went_in))
