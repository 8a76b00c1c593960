"""A card: one job on the contact sheet, as HTML in which every text is only text."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from results.svg import SVG_TYPE
from results.tables import facts_text
from results.words import explain, missing_indexes, state_label
from schemas.layout import batch_file
from schemas.money import to_text
from schemas.result import Image, JobResult
from schemas.states import JobState

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OTHER_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3]")
_SHORT_PROMPT = 96
"""Characters that fit the three lines of a closed prompt on the narrowest card."""


def html_text(text: str) -> str:
    """The text for element or attribute: escaped, and what HTML forbids shown as a mark."""
    return escape(_CONTROL.sub("\ufffd", text), quote=True)


def relative_link(key: str, batch: str) -> str:
    """The way from the batch's contact sheet to an object; reused images lie in other batches."""
    folder = posixpath.dirname(batch_file(batch, "index.html"))
    return quote(posixpath.relpath(key, folder), safe="/", errors="replace")


def embedded(thumbnail: bytes) -> str:
    """A thumbnail as an address that holds the picture itself."""
    return "data:image/jpeg;base64," + base64.b64encode(thumbnail).decode("ascii")


def card(result: JobResult, batch: str, sources: Sequence[str | None]) -> str:
    """One job's card. `sources` are its images' thumbnails; None where there is nothing to show.

    `data-id`, `data-state` and `data-line` name the job to whatever acts on cards.
    """
    return "\n".join(
        [
            f'<article class="card" data-id="{html_text(result.id)}"'
            f' data-state="{result.state}" data-line="{result.line}">',
            _pictures(result, batch, sources),
            '<div class="about">',
            f"<header><h2><bdi>{html_text(result.id)}</bdi></h2>{badge(result.state)}</header>",
            *_prompt(result),
            *_error(result),
            _facts(result, batch),
            "</div>",
            "</article>\n",
        ]
    )


def badge(state: JobState) -> str:
    """A state as a coloured word."""
    return f'<span class="badge {state}">{html_text(state_label(state))}</span>'


def _pictures(result: JobResult, batch: str, sources: Sequence[str | None]) -> str:
    shown = {
        image.index: _picture(result, image, relative_link(image.key, batch), source)
        for image, source in zip(result.images, sources, strict=True)
    }
    if result.images:
        shown |= {index: _gap(index) for index in missing_indexes(result)}
    tiles = [shown[index] for index in sorted(shown)] or [_nothing(result)]
    return (
        f'<div class="pictures of{min(len(tiles), 5)}{_shape(result.images)}">'
        f"{''.join(tiles)}</div>"
    )


def _shape(images: Sequence[Image]) -> str:
    """A class for pictures that are clearly not square, so that several fill their frame well."""
    if not images or not images[0].width:
        return ""
    if images[0].width * 10 in range(images[0].height * 9, images[0].height * 11):
        return ""
    return " wide" if images[0].width > images[0].height else " tall"


def _picture(result: JobResult, image: Image, link: str, source: str | None) -> str:
    which = f" {image.index}" if result.n > 1 else ""
    label = html_text(f"Picture{which} of {result.id}: {_shortened(result.prompt)}")
    inner = (
        f'<img src="{html_text(source)}" alt="{label}" loading="lazy" decoding="async">'
        if source
        else f'<span class="blank" role="img" aria-label="{label}">No preview</span>'
    )
    # To be saved, not opened: it may hold scripts.
    saved = " download" if image.content_type == SVG_TYPE else ""
    return (
        f'<a class="picture" href="{html_text(link)}" data-size="{_size(image)}"{saved}>{inner}</a>'
    )


def _size(image: Image) -> str:
    return f"{image.width} × {image.height}" if image.width else "no size"


def _gap(index: int) -> str:
    return f'<span class="gap">Picture {index} missing</span>'


def _nothing(result: JobResult) -> str:
    said = "Cancelled" if result.state is JobState.CANCELLED else "No picture"
    if result.state is JobState.SUCCEEDED:
        said = "Done: values, no picture"
    return f'<span class="gap">{said}</span>'


def _shortened(prompt: str) -> str:
    """Enough of a prompt for a picture's alternative text; the whole is on the card."""
    return prompt if len(prompt) <= _SHORT_PROMPT else prompt[:_SHORT_PROMPT].rstrip() + "…"


def _prompt(result: JobResult) -> list[str]:
    """The prompt; one that may not fit is a disclosure, which opens without any script."""
    if not result.prompt and not result.actual_prompt:
        return []
    text, attributes = html_text(result.prompt), f'dir="auto"{_language(result.prompt)}'
    rewritten = result.actual_prompt if result.actual_prompt != result.prompt else None
    if not rewritten and _width(result.prompt) <= _SHORT_PROMPT:
        return [f'<p class="prompt" {attributes}>{text}</p>']
    more = (
        f"<p><b>As the provider rewrote it:</b>"
        f" <bdi{_language(rewritten)}>{html_text(rewritten)}</bdi></p>"
        if rewritten
        else ""
    )
    return [
        f'<details class="prompt"><summary title="{text}">'
        f'<span class="text" {attributes}>{text}</span></summary>{more}</details>'
    ]


def _width(text: str) -> int:
    """Columns a text takes: a Chinese character is as wide as two letters."""
    return len(text) + len(_HAN.findall(text)) + 40 * text.count("\n")


def _language(text: str) -> str:
    """Chinese is marked, so that its characters are drawn and read aloud as Chinese ones."""
    chinese = _HAN.search(text) and not _OTHER_EAST_ASIAN.search(text)
    return ' lang="zh-Hans"' if chinese else ""


def _error(result: JobResult) -> list[str]:
    said = explain(result)
    return [f'<p class="error {result.state}" dir="auto">{html_text(said)}</p>'] if said else []


def _facts(result: JobResult, batch: str) -> str:
    facts = [("Model", result.model)]
    sizes = dict.fromkeys(map(_size, result.images))
    facts += [("Size", ", ".join(sizes))] if sizes else []
    seeds = [str(image.seed) for image in result.images if image.seed is not None]
    facts += [("Seed", ", ".join(seeds))] if seeds else []
    facts += [("Cost", f"{to_text(result.cost_micro)} {result.currency}")]
    facts += [("Told", _shortened(facts_text(result)))] if result.facts else []
    rows = (
        f'<div class="{name.lower()}"><dt>{name}</dt> <dd>{html_text(value)}</dd></div>'
        for name, value in facts
    )
    return f'<dl class="facts">{"".join(rows)}{_beside(result, batch)}</dl>'


def _beside(result: JobResult, batch: str) -> str:
    """Links to what came along with the pictures, to be saved: an SVG may hold scripts."""
    links = [
        f'<a href="{html_text(relative_link(along.key, batch))}" download>'
        f"{html_text(along.part)}</a>"
        for image in result.images
        for along in image.beside
    ]
    return f'<div class="beside"><dt>Beside</dt> <dd>{" ".join(links)}</dd></div>' if links else ""
