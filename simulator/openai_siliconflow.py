"""SiliconFlow: fields, errors and answers of its own under OpenAI's path.

Sources: SiliconFlow: images API reference; error codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.calls import pixels
from simulator.checks import BadParameter, Check, number, one_of, text, whole
from simulator.openai_house import Answer, Asked, drawn
from simulator.refusal import Refusal
from simulator.tasks import Task, new_id

MODELS: Mapping[str, tuple[str, ...]] = {
    "Kwai-Kolors/Kolors": ("1024x1024", "960x1280", "768x1024", "720x1440", "720x1280"),
    "Qwen/Qwen-Image": (
        *("1328x1328", "1664x928", "928x1664", "1472x1140", "1140x1472"),
        *("1584x1056", "1056x1584"),
    ),
}
"""Sizes of each model; the first is taken where none is given."""
_CHECKS: dict[str, Check] = {
    "prompt": text(),
    "negative_prompt": text(),
    "batch_size": whole(1, 4),
    "seed": whole(0, 9999999999),
    "num_inference_steps": whole(1, 100),
    "guidance_scale": number(0, 20),
}
_MISTAKE = "20015"


@dataclass(frozen=True, slots=True)
class SiliconFlow:
    """SiliconFlow."""

    keys: tuple[str, ...] = ("sk-",)
    fails_singly: bool = False

    def knows(self, model: str) -> bool:
        """Whether it is one of the models of the API reference."""
        return model in MODELS

    def error(self, status: int, code: str, message: str) -> dict[str, Any]:  # noqa: ARG002 - not told
        """A number, a message and no data."""
        number_of_it = int(code) if code.isascii() and code.isdigit() else None
        return {"code": number_of_it, "message": message, "data": None}

    def unknown(self, model: str) -> Refusal:  # noqa: ARG002 - not told
        """HTTP 400 with code 20012."""
        return Refusal(400, "20012", "Model does not exist. Please check it carefully.")

    def no_key(self) -> Refusal:
        """HTTP 401."""
        return Refusal(401, "", "Invalid token")

    def too_fast(self, rate: float) -> Refusal:  # noqa: ARG002 - not told
        """HTTP 429, which names the limit in words."""
        message = "Request was rejected due to rate limiting. Details: IPM limit reached."
        return Refusal(429, "", message)

    def busy(self) -> Refusal:
        """HTTP 503."""
        return Refusal(503, "50505", "Model service overloaded. Please try again later.")

    def unsafe(self, model: str, stage: str) -> Refusal:  # noqa: ARG002 - all alike
        """HTTP 451; neither status nor words are stated by the vendor."""
        return Refusal(451, "", "The content was rejected: it may be sensitive or unsafe.")

    def failed(self, code: str, message: str) -> Refusal:
        """HTTP 500."""
        return Refusal(500, code, message)

    def bad(self, message: str) -> Refusal:
        """HTTP 400."""
        return Refusal(400, _MISTAKE, message)

    def read(self, model: str, body: dict[str, Any]) -> Asked:
        """Check an order; a size must be given, and fields nobody knows are ignored."""
        given = {name: value for name, value in body.items() if value is not None}
        if not isinstance(given.get("prompt"), str) or not given["prompt"].strip():
            raise BadParameter("prompt is required.")
        for name, value in given.items():
            if name in _CHECKS:
                _CHECKS[name](name, value)
        sizes = MODELS[model]
        one_of(*sizes)("image_size", given.get("image_size"))
        return Asked(
            prompt=given["prompt"],
            n=given.get("batch_size", 1),
            seed=given.get("seed"),
            size=pixels(given["image_size"]) or (1024, 1024),
            words=given.get("negative_prompt", ""),
            parameters={name: value for name, value in given.items() if name != "prompt"},
        )

    def answer(self, task: Task, asked: Asked, pictures: Sequence[dict[str, Any]]) -> Answer:  # noqa: ARG002 - nothing of it is told
        """Pictures under `images`; one that failed is left out."""
        document = {
            "images": drawn(pictures),
            "timings": {"inference": round(task.duration_s, 3)},
            "seed": task.order.seed,
        }
        return Answer(document, (("x-siliconcloud-trace-id", new_id()),))
