"""A card: one job on the contact sheet, as HTML in which every text is only text."""

from __future__ import annotations

from collections.abc import Sequence

from results.link import relative_link
from results.markup import both, both_texts, columns_wide, html_text, language_of
from results.remarks import remarks
from results.svg import SVG_TYPE
from results.tables import facts_text
from results.tile import NO_SIZE, SHORT_PROMPT, shortened, size_of, tiles
from results.words import STATES, Language, Wording, explain
from schemas.money import to_text
from schemas.result import JobResult
from schemas.states import JobState

_MODEL = Wording("Model", "模型")
_SIZE = Wording("Size", "尺寸")
_SEED = Wording("Seed", "种子")
_COST = Wording("Cost", "费用")
_TOLD = Wording("Told", "返回值")
_BESIDE = Wording("Beside", "附带文件")
_RENDITIONS = Wording("Renditions", "其他版本")
_EARLIER = Wording("Earlier", "更早的版本")
_SAYS_NO_SIZE = Wording(NO_SIZE, "没有尺寸")
_REWRITTEN = Wording("As the provider rewrote it:", "服务商改写为：")


def card(result: JobResult, batch: str, sources: Sequence[str | None]) -> str:
    """One job's card. `sources` are its images' thumbnails; None where there is nothing to show.

    `data-id`, `data-state`, `data-model` and `data-revision` name the job to whatever acts on cards;
    `data-flawed` says that the quality gate marked a picture of it.
    """
    flawed = " data-flawed" if any(image.flaws for image in result.images) else ""
    return "\n".join(
        [
            f'<article class="card" data-id="{html_text(result.id)}" data-state="{result.state}"'
            f' data-line="{result.line}" data-model="{html_text(result.model)}"'
            f' data-revision="{result.revision}"{flawed} aria-label="{html_text(result.id)}">',
            tiles(result, batch, sources),
            '<div class="about">',
            f"<header><h2><bdi>{_breakable(result.id)}</bdi></h2>{badge(result.state)}</header>",
            *_prompt(result),
            *_error(result),
            *_remarks(result),
            _facts(result, batch),
            "</div>",
            "</article>\n",
        ]
    )


def badge(state: JobState) -> str:
    """A state as a coloured word."""
    return both("span", STATES[state], f"badge {state}")


def _breakable(identity: str) -> str:
    """An id that a line may end in behind any of its parts, and not within one."""
    return html_text(identity).replace("_", "_<wbr>")


def _prompt(result: JobResult) -> list[str]:
    """The prompt; one that may not fit is a disclosure, which opens without any script."""
    if not result.prompt and not result.actual_prompt:
        return []
    text, attributes = html_text(result.prompt), f'dir="auto"{language_of(result.prompt)}'
    rewritten = result.actual_prompt if result.actual_prompt != result.prompt else None
    if not rewritten and _width(result.prompt) <= SHORT_PROMPT:
        return [f'<p class="prompt" {attributes}>{text}</p>']
    more = (
        f"<p>{both('b', _REWRITTEN)} <bdi{language_of(rewritten)}>{html_text(rewritten)}</bdi></p>"
        if rewritten
        else ""
    )
    return [
        f'<details class="prompt"><summary title="{text}">'
        f'<span class="text" {attributes}>{text}</span></summary>{more}</details>'
    ]


def _width(text: str) -> int:
    """Columns a text takes, each line break counted as a good part of a line."""
    return columns_wide(text) + 40 * text.count("\n")


def _error(result: JobResult) -> list[str]:
    english, chinese = (explain(result, language) for language in Language)
    if not english:
        return []
    return [both_texts("p", english, chinese, f' class="error {result.state}" dir="auto"')]


def _remarks(result: JobResult) -> list[str]:
    english, chinese = (remarks(result, language) for language in Language)
    if not english:
        return []
    return [both_texts("p", english, chinese, ' class="remark" dir="auto"')]


def _facts(result: JobResult, batch: str) -> str:
    facts = [_fact("model", _MODEL, html_text(result.model))]
    sizes = dict.fromkeys(map(size_of, result.images))
    facts += [_fact("size", _SIZE, ", ".join(map(_size, sizes)))] if sizes else []
    seeds = [str(image.seed) for image in result.images if image.seed is not None]
    facts += [_fact("seed", _SEED, ", ".join(seeds))] if seeds else []
    cost = f"{to_text(result.cost_micro)} {result.currency}"
    facts += [_fact("cost", _COST, html_text(cost))]
    told = html_text(shortened(facts_text(result)))
    facts += [_fact("told", _TOLD, told)] if result.facts else []
    facts += [_fact("beside", _BESIDE, _beside(result, batch))] if _comes_along(result) else []
    if any(image.renditions for image in result.images):
        facts += [_fact("renditions", _RENDITIONS, _renditions(result, batch))]
    facts += [_fact("earlier", _EARLIER, _earlier(result, batch))] if result.replaced else []
    return f'<dl class="facts">{"".join(facts)}</dl>'


def _fact(name: str, title: Wording, value: str) -> str:
    return f'<div class="{name}">{both("dt", title)} <dd>{value}</dd></div>'


def _size(size: str) -> str:
    return both("span", _SAYS_NO_SIZE) if size == NO_SIZE else html_text(size)


def _comes_along(result: JobResult) -> bool:
    return any(image.beside for image in result.images)


def _beside(result: JobResult, batch: str) -> str:
    """Links to what came along with the pictures, to be saved: an SVG may hold scripts."""
    return " ".join(
        f'<a href="{html_text(relative_link(along.key, batch))}" download>'
        f"{html_text(along.part)}</a>"
        for image in result.images
        for along in image.beside
    )


def _renditions(result: JobResult, batch: str) -> str:
    """Links to what else was made of the pictures, to be looked at."""
    links = []
    for image in result.images:
        which = f"{image.index}: " if len(result.images) > 1 else ""
        links += [
            f'<a href="{html_text(relative_link(each.key, batch))}" target="_blank" rel="noopener">'
            f"{which}{html_text(each.name)}.{html_text(each.key.rpartition('.')[2])}</a>"
            for each in image.renditions
        ]
    return " ".join(links)


def _earlier(result: JobResult, batch: str) -> str:
    """Links to the pictures that rerolls took the place of."""
    several = len({image.index for image in result.replaced}) > 1
    links = []
    for image in result.replaced:
        how = "download" if image.content_type == SVG_TYPE else 'target="_blank" rel="noopener"'
        which = f"{image.index}: " if several else ""
        link = html_text(relative_link(image.key, batch))
        links.append(f'<a href="{link}" {how}>{which}r{image.revision}</a>')
    return " ".join(links)
