"""What each text-to-image model accepts, as its DashScope page says: ranges and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SEED_MAX = 4294967290
_PROMPT_MISSING = "Required parameter(s) missing or invalid, please check the request parameters."


class BadParameter(ValueError):
    """A parameter the vendor answers with 400 InvalidParameter; the message is the vendor's."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model's parameters. Names it does not know are ignored, as the vendor does."""

    size: str
    sizes: tuple[str, ...] = ()
    """Sizes to choose from; empty means sides of 512 to 1024 in steps of 128."""
    n: int | None = 1
    """How many pictures are made when the client does not say; None takes no n."""
    prompt_characters: int | None = None
    """Characters after which a prompt is silently cut."""
    checks: Mapping[str, Callable[[str, object], None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """Checked parameters with the defaults filled in."""

    prompt: str
    n: int
    seed: int | None
    size: tuple[int, int]
    style: str


def _whole(low: int, high: int) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadParameter(f"{name} must be an integer in [{low}, {high}].")

    return check


def _number(low: float, high: float) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise BadParameter(f"{name} must be a number in [{low:g}, {high:g}].")

    return check


def _one_of(*choices: str) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if value not in choices:
            raise BadParameter(f"The {name} is invalid.")

    return check


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise BadParameter(f"{name} must be a boolean.")


def _only_one(_name: str, value: object) -> None:
    if value != 1:
        raise BadParameter("num_images_per_prompt must be 1.")


_STYLES = (
    *("<auto>", "<photography>", "<portrait>", "<3d cartoon>", "<anime>", "<oil painting>"),
    *("<watercolor>", "<sketch>", "<chinese painting>", "<flat illustration>"),
)
_WANX = Model(
    size="1024*1024",
    sizes=("1024*1024", "720*1280", "768*1152", "1280*720"),
    n=4,
    prompt_characters=800,
    checks={
        "style": _one_of(*_STYLES),
        "n": _whole(1, 4),
        # The page names -1 as the default: a seed of the vendor's choice.
        "seed": _whole(-1, _SEED_MAX),
        "ref_strength": _number(0.0, 1.0),
        "ref_mode": _one_of("repaint", "refonly"),
    },
)
_DIFFUSION_CHECKS = {
    "n": _whole(1, 4),
    "steps": _whole(1, 500),
    "scale": _number(1, 15),
    "seed": _whole(0, _SEED_MAX),
}
_FLUX = Model(
    size="1024*1024",
    sizes=("512*1024", "768*512", "768*1024", "1024*576", "576*1024", "1024*1024"),
    n=None,
    prompt_characters=500,
    checks={
        "n": _only_one,
        "seed": _whole(0, _SEED_MAX),
        "steps": _whole(1, 500),
        "guidance": _number(0, 100),
        "offload": _flag,
        "add_sampling_metadata": _flag,
    },
)
MODELS: Mapping[str, Model] = {
    "wanx-v1": _WANX,
    "stable-diffusion-xl": Model(size="1024*1024", checks=_DIFFUSION_CHECKS),
    "stable-diffusion-v1.5": Model(size="512*512", sizes=("512*512",), checks=_DIFFUSION_CHECKS),
    "flux-schnell": _FLUX,
    "flux-dev": _FLUX,
    "flux-merged": _FLUX,
}
_SIDES = range(512, 1025, 128)


def read_parameters(model: Model, inputs: dict[str, Any], given: dict[str, Any]) -> Reading:
    """Check a request's `input` and `parameters` as the model's page says.

    Raises:
        BadParameter: The vendor would refuse them.
    """
    prompt = inputs.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise BadParameter(_PROMPT_MISSING)
    negative = inputs.get("negative_prompt")
    if negative is not None and not isinstance(negative, str):
        raise BadParameter(_PROMPT_MISSING)
    for name, check in model.checks.items():
        if given.get(name) is not None:
            check(name, given[name])
    seed = given.get("seed")
    n = given.get("n") or model.n or 1
    return Reading(
        prompt=prompt[: model.prompt_characters],
        n=n,
        seed=None if seed == -1 else seed,
        size=_size(model, given.get("size")),
        style=given.get("style") or ("<auto>" if "style" in model.checks else ""),
    )


def _size(model: Model, given: object) -> tuple[int, int]:
    text = model.size if given is None else given
    allowed = model.sizes or [f"{width}*{height}" for width in _SIDES for height in _SIDES]
    if not isinstance(text, str) or text not in allowed:
        raise BadParameter(f"the size is not match the allowed size {list(allowed)}")
    width, _, height = text.partition("*")
    return int(width), int(height)
