"""A picture's size as users write it and as providers want it: 1024x1024, 1024*1024, 16:9, 2K."""

from __future__ import annotations

import math
import re
from typing import NamedTuple, Protocol

_SIZE = re.compile(r"(\d{2,5})\s*[xX*×]\s*(\d{2,5})")
_RATIO = re.compile(r"(\d{1,3})\s*[:：]\s*(\d{1,3})")


class SizeLimits(Protocol):
    """What bounds a size; None and empty: nothing does."""

    @property
    def choices(self) -> tuple[str, ...]: ...  # noqa: D102 - the fields of Parameter
    @property
    def minimum(self) -> float | None: ...  # noqa: D102 - likewise
    @property
    def maximum(self) -> float | None: ...  # noqa: D102 - likewise
    @property
    def step(self) -> int | None: ...  # noqa: D102 - likewise
    @property
    def min_pixels(self) -> int | None: ...  # noqa: D102 - likewise
    @property
    def max_pixels(self) -> int | None: ...  # noqa: D102 - likewise
    @property
    def max_ratio(self) -> float | None: ...  # noqa: D102 - likewise


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Size | None:
        """A size with any of the usual signs between its sides; None: it is none."""
        match = _SIZE.fullmatch(text.strip())
        return cls(int(match[1]), int(match[2])) if match else None

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    @property
    def ratio(self) -> str:
        """In smallest numbers: 1024x576 is 16:9."""
        divisor = math.gcd(self.width, self.height) or 1
        return f"{self.width // divisor}:{self.height // divisor}"


def ranged(limits: SizeLimits) -> bool:
    """Whether sizes other than the choices are taken."""
    return any(
        bound is not None
        for bound in (limits.minimum, limits.maximum, limits.min_pixels, limits.max_pixels)
    )


def within(size: Size, limits: SizeLimits) -> bool:
    """Whether a size keeps to the range."""
    for side in size:
        if limits.minimum is not None and side < limits.minimum:
            return False
        if limits.maximum is not None and side > limits.maximum:
            return False
        if limits.step and side % limits.step:
            return False
    if limits.min_pixels is not None and size.pixels < limits.min_pixels:
        return False
    if limits.max_pixels is not None and size.pixels > limits.max_pixels:
        return False
    return limits.max_ratio is None or max(size) <= min(size) * limits.max_ratio


def allowed_range(limits: SizeLimits) -> str:
    """The range in words."""
    words = ["a size such as 1024x1024"]
    if limits.minimum is not None and limits.maximum is not None:
        words.append(f"sides {limits.minimum:g} to {limits.maximum:g}")
    if limits.step:
        words[-1] += f" in steps of {limits.step}"
    if limits.min_pixels is not None:
        words.append(f"at least {limits.min_pixels:,} pixels in all")
    if limits.max_pixels is not None:
        words.append(f"at most {limits.max_pixels:,} pixels in all")
    if limits.max_ratio is not None:
        words.append(f"long side at most {limits.max_ratio:g} times the short one")
    return ", ".join(words)


def ratio_of(text: str) -> str | None:
    """An aspect ratio from `16:9`, or from a size of that ratio; None: it is neither."""
    match = _RATIO.fullmatch(text.strip())
    if match:
        return f"{int(match[1])}:{int(match[2])}"
    size = Size.parse(text)
    return size.ratio if size else None


def ratio_among(text: str, choices: tuple[str, ...]) -> str | None:
    """The choice of the same proportion as `text`, a ratio or a size: 21:9 for 1344x576."""
    ratio = ratio_of(text)
    if ratio is None:
        return None
    width, height = map(int, ratio.split(":"))
    for choice in choices:
        wide, high = map(int, choice.split(":"))
        if width and height and width * high == height * wide:
            return choice
    return None
