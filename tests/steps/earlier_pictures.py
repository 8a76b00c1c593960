"""Pictures that earlier rounds of a row stored."""

from __future__ import annotations

from schemas.layout import image_key
from schemas.result import Image
from tests.steps.mill import BATCH


def kept(name: str, *indexes: int) -> list[Image]:
    """Their documents, without the pictures."""
    return [
        Image(
            key=image_key(BATCH, name, index, "png"),
            index=index,
            sha256="0" * 64,
            size_bytes=100,
            width=24,
            height=16,
            content_type="image/png",
            seed=100 + index,
        )
        for index in indexes
    ]
