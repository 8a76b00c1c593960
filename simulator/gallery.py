"""Small copies of the pictures that went in lately, to be shown on what is drawn from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PIL import Image

_KEPT = 256
_THUMBNAIL = (192, 192)


class Gallery:
    """Small copies of the pictures seen last, by their label."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Image.Image] = OrderedDict()

    def keep(self, label: str, image: Image.Image) -> None:
        """Keep a small copy; the oldest one goes for it."""
        small = image.convert("RGB")
        small.thumbnail(_THUMBNAIL)
        self._kept[label] = small
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def shown(self, labels: Sequence[str]) -> list[Image.Image]:
        """The copies still kept of these."""
        return [self._kept[label] for label in labels if label in self._kept]
