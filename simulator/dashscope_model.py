"""What a DashScope model takes and gives, as its page says: the form of the data, not the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.checks import BadParameter, Check

Shape = Literal["results", "image_url", "render_urls", "png_svg", "choices", "faces", "training"]
"""Where an answer holds its pictures."""
Usage = Literal["count", "size", "sides", "output", "none"]
"""How an answer counts what is billed."""
Fields = Mapping[str, Any]
Pixels = tuple[int, int]
Rule = Callable[[Fields, Fields], None]
"""Raises BadParameter for the input and the parameters as a whole."""

T2I = "aigc/text2image/image-synthesis"
I2I = "aigc/image2image/image-synthesis"
GENERATION = "aigc/image-generation/generation"
MULTIMODAL = "aigc/multimodal-generation/generation"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The sizes a model draws: a list of them, or a range of sides or of areas."""

    default: str
    choices: tuple[str, ...] = ()
    sides: range | None = None
    """Allowed widths and heights."""
    area: tuple[int, int] | None = None
    """Least and most pixels."""
    ratio: float = math.inf
    """Longer side by shorter side, at most."""
    named: Mapping[str, Pixels] = field(default_factory=dict)

    def read(self, given: object) -> Pixels:
        """Width and height of a size as it was sent.

        Raises:
            BadParameter: The model does not draw that size.
        """
        text = self.default if given is None else given
        if isinstance(text, str) and text in self.named:
            return self.named[text]
        width, star, height = text.partition("*") if isinstance(text, str) else ("", "", "")
        if not (star and _is_number(width) and _is_number(height)):
            raise BadParameter(self._refusal())
        pixels = int(width), int(height)
        if text not in self.choices if self.choices else not self._fits(*pixels):
            raise BadParameter(self._refusal())
        return pixels

    def _fits(self, width: int, height: int) -> bool:
        if width <= 0 or height <= 0 or max(width, height) > min(width, height) * self.ratio:
            return False
        if self.sides is not None and not (width in self.sides and height in self.sides):
            return False
        return self.area is None or self.area[0] <= width * height <= self.area[1]

    def _refusal(self) -> str:
        allowed: object = list(self.choices) or self.area or self.sides
        return f"the size is not match the allowed size {allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a picture that goes in must be like."""

    most: int = 0
    """How many a list holds; 0 stands for one address that is no list."""
    data: bool = False
    """Whether it may come as a data URI."""
    sides: tuple[int, int] = (1, 1 << 16)
    """Least and most pixels of either side."""
    ratio: float = math.inf
    """Longer side by shorter side, at most."""
    megabytes: float = 10
    alpha: Literal["any", "required", "refused"] = "any"
    same_size_as: str = ""
    """The field whose picture has the same width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. Fields it does not know are ignored, as the vendor does."""

    path: str
    """Where its asynchronous orders go, below /api/v1/services/; empty if it takes none."""
    waiting_path: str = ""
    """Where its synchronous orders go."""
    shape: Shape = "results"
    waiting_shape: Shape = "choices"
    usage: Usage = "count"
    prompts: tuple[str, ...] = ("prompt",)
    """Texts of `input` that moderation reads; the first that is there names the order."""
    prompt_characters: int | None = None
    """Characters after which a prompt is silently cut."""
    required: tuple[str, ...] = ("prompt",)
    """Paths below `input`."""
    inputs: Mapping[str, Check] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    """Pictures by their path below `input`."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    """Checks of `parameters`."""
    needs_parameters: bool = False
    needs_input: bool = True
    n: int | None = 1
    """How many pictures are made when the client does not say; None takes no n."""
    count: Callable[[Fields, Fields], int] | None = None
    """How many pictures are made, where it is not as simple as `n`."""
    sizes: Sizes = Sizes(default="1024*1024", sides=range(1, 1 << 16))
    measure: Callable[[Fields, Fields, Pixels | None], Pixels] | None = None
    """The size where `size` does not say it: from fields, and the pixels of the first picture."""
    rules: tuple[Rule, ...] = ()
    extends: bool | None = None
    """Whether the prompt is rewritten when the client does not say; None never does it."""
    echoes: bool = False
    """Whether results repeat the prompt and tell the rewritten one."""
    gathers: bool = False
    """Whether all pictures are in one choice, rather than each in a choice of its own."""
    format: str = "png"
    """File name extension of its pictures."""
    free: bool = False

    def shape_at(self, path: str, waiting: bool) -> Shape | None:
        """The answer's shape at that endpoint, None if the model is not served there."""
        if waiting:
            return self.waiting_shape if path == self.waiting_path and path else None
        return self.shape if path == self.path and path else None


def as_the_first(_inputs: Fields, _parameters: Fields, base: Pixels | None) -> Pixels:
    """A `measure`: the result is as large as the first picture that went in."""
    return base or (1024, 1024)


def inside(document: Fields, path: str) -> Any:
    """What is at a path of names joined by dots; None if it is not there."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6
