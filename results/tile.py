"""The upper part of a card: a tile for each picture, and for each place where one is missing."""

from __future__ import annotations

from collections.abc import Sequence

from results.link import relative_link, relative_path
from results.markup import both, html_text
from results.svg import SVG_TYPE
from results.words import Wording, missing_indexes
from schemas.result import Image, JobResult
from schemas.states import JobState

SHORT_PROMPT = 96
"""Characters that fit the three lines of a closed prompt on the narrowest card."""
NO_SIZE = "no size"
_NO_PREVIEW = Wording("No preview", "无法预览")
_MISSING = Wording("Picture {which} missing", "缺第 {which} 张")
_NO_PICTURE = Wording("No picture", "没有图片")
_CANCELLED = Wording("Cancelled", "已取消")
_VALUES_ONLY = Wording("Done: values, no picture", "已完成：只有数值，没有图片")
_DRAWN_AGAIN_STATES = frozenset({JobState.FAILED, JobState.CANCELLED})
"""How a row without a picture may have ended for a review to order it again as it would a picture."""


def tiles(result: JobResult, batch: str, sources: Sequence[str | None]) -> str:
    """All tiles of a job. `sources` are its images' thumbnails; None where there is nothing to show.

    `data-image` names the picture to whatever acts on tiles; it is empty where there is none.
    """
    shown = {
        image.index: _picture(result, image, batch, source)
        for image, source in zip(result.images, sources, strict=True)
    }
    if result.images:
        shown |= {
            index: both("span", _MISSING, "gap", which=index) for index in missing_indexes(result)
        }
    found = [shown[index] for index in sorted(shown)] or [_nothing(result)]
    return f'<div class="pictures of{min(len(found), 5)}{_shape(result.images)}">{"".join(found)}</div>'


def size_of(image: Image) -> str:
    """Width and height."""
    return f"{image.width} × {image.height}" if image.width else NO_SIZE


def shortened(prompt: str) -> str:
    """Enough of a prompt for a picture's alternative text; the whole is on the card."""
    return prompt if len(prompt) <= SHORT_PROMPT else prompt[:SHORT_PROMPT].rstrip() + "…"


def _picture(result: JobResult, image: Image, batch: str, source: str | None) -> str:
    which = f" ({image.index}/{result.n})" if result.n > 1 else ""
    label = html_text(f"{result.id}{which}: {shortened(result.prompt)}")
    inner = (
        f'<img src="{html_text(source)}" alt="{label}" loading="lazy" decoding="async">'
        if source
        else f'<span class="unseen">{label}</span>{both("span", _NO_PREVIEW, "blank")}'
    )
    # To be saved, not opened: it may hold scripts.
    saved = " download" if image.content_type == SVG_TYPE else ""
    link = html_text(relative_link(image.key, batch))
    return (
        f'<div class="tile" data-image="{html_text(relative_path(image.key, batch))}"'
        f' data-index="{image.index}">'
        f'<a class="picture" href="{link}" data-size="{size_of(image)}"{saved}>{inner}</a></div>'
    )


def _nothing(result: JobResult) -> str:
    if result.state is JobState.SUCCEEDED:
        return both("span", _VALUES_ONLY, "gap")
    said = _CANCELLED if result.state is JobState.CANCELLED else _NO_PICTURE
    gap = both("span", said, "gap")
    if result.state not in _DRAWN_AGAIN_STATES:
        return gap
    return f'<div class="tile none" data-image="">{gap}</div>'


def _shape(images: Sequence[Image]) -> str:
    """A class for pictures that are clearly not square, so that several fill their frame well."""
    if not images or not images[0].width:
        return ""
    if images[0].width * 10 in range(images[0].height * 9, images[0].height * 11):
        return ""
    return " wide" if images[0].width > images[0].height else " tall"
