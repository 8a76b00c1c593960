"""What Stability's engines and models take: the data of both APIs.

Sources: Stability AI: v1 REST reference; v2beta stable image, generate (2026-09).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

V1_CREDITS = 0.9
"""Credits a picture of an engine costs, as last listed; not confirmed by the vendor."""
STYLES = (
    *("3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance"),
    *("fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound", "neon-punk"),
    *("origami", "photographic", "pixel-art", "tile-texture"),
)
GUIDANCE = ("NONE", "FAST_BLUE", "FAST_GREEN", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
SAMPLERS = (
    *("DDIM", "DDPM", "K_DPMPP_2M", "K_DPMPP_2S_ANCESTRAL", "K_DPM_2", "K_DPM_2_ANCESTRAL"),
    *("K_EULER", "K_EULER_ANCESTRAL", "K_HEUN", "K_LMS"),
)
_XL_SIZES = (
    *((1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640)),
    *((640, 1536), (768, 1344), (832, 1216), (896, 1152)),
)

SizeRule = Callable[[int, int], str | None]
"""The name of the error a width and height are refused with, None if they are good."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine of the first API."""

    title: str
    refuses: SizeRule


def _xl(width: int, height: int) -> str | None:
    return None if (width, height) in _XL_SIZES else "invalid_sdxl_v1_dimensions"


def _xl_beta(width: int, height: int) -> str | None:
    good = min(width, height) <= 512 and max(width, height) <= 896
    return None if good else "invalid_sdxl_v222_dimensions"


def _area(least: int) -> SizeRule:
    def refuses(width: int, height: int) -> str | None:
        return None if least <= width * height <= 1_048_576 else "invalid_pixel_count"

    return refuses


def _sides(width: int, height: int) -> str | None:
    good = min(width, height) >= 320 and max(width, height) <= 1536
    return None if good else "invalid_height_or_width"


ENGINES = {
    "stable-diffusion-v1-6": Engine("Stable Diffusion v1.6", _sides),
    "stable-diffusion-xl-1024-v1-0": Engine("Stable Diffusion XL v1.0", _xl),
    "stable-diffusion-xl-1024-v0-9": Engine("Stable Diffusion XL v0.9", _xl),
    "stable-diffusion-512-v2-1": Engine("Stable Diffusion v2.1", _area(262_144)),
    "stable-diffusion-768-v2-1": Engine("Stable Diffusion v2.1-768", _area(589_824)),
    "stable-diffusion-xl-beta-v2-2-2": Engine("Stable Diffusion v2.2.2-XL Beta", _xl_beta),
}

RATIOS = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
"""Width and height at about one megapixel; the exact ones are not stated by the vendor."""


@dataclass(frozen=True, slots=True)
class Image:
    """A model of the second API."""

    credits: float
    megapixels: float = 1.0
    edits: bool = False
    """Whether it takes a picture to begin with."""
    is_sd3: bool = False
    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    unwanted: bool = True
    """Whether it takes a negative prompt."""

    def size(self, ratio: str) -> tuple[int, int]:
        """Width and height of that aspect ratio."""
        width, height = RATIOS[ratio]
        factor = float(self.megapixels**0.5)
        return int(width * factor) // 64 * 64, int(height * factor) // 64 * 64


# An older specification has no webp here: the narrower of the two.
_SD3_FORMATS = ("png", "jpeg")
IMAGES = {
    "stable-image-core": Image(3, megapixels=1.5),
    "stable-image-ultra": Image(8, edits=True),
    "sd3.5-large": Image(6.5, edits=True, is_sd3=True, formats=_SD3_FORMATS),
    "sd3.5-large-turbo": Image(4, edits=True, is_sd3=True, formats=_SD3_FORMATS, unwanted=False),
    "sd3.5-medium": Image(3.5, edits=True, is_sd3=True, formats=_SD3_FORMATS),
    "sd3.5-flash": Image(2.5, edits=True, is_sd3=True, formats=_SD3_FORMATS),
}
REROUTED = {
    "sd3-large": "sd3.5-large",
    "sd3-large-turbo": "sd3.5-large-turbo",
    "sd3-medium": "sd3.5-medium",
}
"""Names of before 17 April 2025, which are still taken."""
