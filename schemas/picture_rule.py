"""What a model asks of a picture that goes in: its form, its size, its transparency."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.contract import Contract


class PictureRule(Contract):
    """The limits of one picture field; what is not set is not limited."""

    formats: tuple[str, ...] = Field(
        default=("JPEG", "PNG"), description="accepted, by Pillow's names: JPEG, PNG, BMP, WEBP"
    )
    min_side: int | None = Field(default=None, description="pixels, of either side")
    max_side: int | None = Field(default=None, description="pixels, of either side")
    max_bytes: int | None = Field(default=None, description="of the file")
    min_pixels: int | None = Field(default=None, description="width x height")
    max_pixels: int | None = Field(default=None, description="width x height")
    max_ratio: float | None = Field(default=None, description="long side : short side")
    alpha: Literal["required", "refused"] | None = Field(
        default=None, description="whether it must, or must not, have transparency"
    )
    taken_as: tuple[Literal["url", "data", "bytes"], ...] = Field(
        default=("url",),
        description="url: an address the provider fetches; data: a data URI in the request;"
        " bytes: a file of a multipart request",
    )
    same_size_as: str | None = Field(
        default=None, description="another picture field of the row with the same width and height"
    )

    def allowed(self) -> str:
        """What it must be, in words."""
        words = [f"a picture ({', '.join(self.formats)})"]
        if self.min_side and self.max_side:
            words.append(f"sides {self.min_side} to {self.max_side} pixels")
        elif self.max_side:
            words.append(f"sides at most {self.max_side} pixels")
        elif self.min_side:
            words.append(f"sides at least {self.min_side} pixels")
        if self.min_pixels:
            words.append(f"at least {self.min_pixels:,} pixels in all")
        if self.max_pixels:
            words.append(f"at most {self.max_pixels:,} pixels in all")
        if self.max_ratio:
            words.append(f"long side at most {self.max_ratio:g} times the short one")
        if self.max_bytes:
            words.append(f"at most {self.max_bytes / 1e6:g} MB")
        if self.alpha == "required":
            words.append("with transparency")
        if self.alpha == "refused":
            words.append("without transparency")
        return ", ".join(words)
