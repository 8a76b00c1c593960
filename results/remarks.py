"""Remarks on pictures that are stored all the same: flaws, missing labels, renditions."""

from __future__ import annotations

from collections.abc import Iterator

from results.words import Language, Wording
from schemas.flaw import FlawKind
from schemas.result import Image, JobResult

FLAWS: dict[FlawKind, Wording] = {
    FlawKind.SIZE: Wording(
        "{who} has another size than was ordered ({seen}).", "{who}的尺寸与所订的不同（{seen}）。"
    ),
    FlawKind.BLANK: Wording("{who} is blank, or nearly.", "{who}是空白的，或几乎空白。"),
    FlawKind.SMALL_FILE: Wording(
        "{who} is a smaller file than is wanted ({seen} bytes).",
        "{who}的文件小于要求（{seen} 字节）。",
    ),
    FlawKind.LARGE_FILE: Wording(
        "{who} is a larger file than is wanted ({seen} bytes).",
        "{who}的文件大于要求（{seen} 字节）。",
    ),
    FlawKind.ALIKE: Wording("{who} is nearly the same as {seen}.", "{who}与 {seen} 几乎相同。"),
    FlawKind.KEPT: Wording(
        "{who} was ordered anew, and nothing came of it ({seen}).",
        "{who}重新下单后没有得到新图（{seen}）。",
    ),
}
UNLABELLED = Wording("{who} carries no label: {seen}.", "{who}没有写入 AI 标识：{seen}。")
UNSEALED = Wording("{who} is not signed: {seen}.", "{who}没有签名：{seen}。")
UNRENDERED = Wording("{who} has no rendition {name}: {seen}.", "{who}没有生成版本 {name}：{seen}。")
NOT_FILLED = Wording(
    "{who} is smaller than its rendition {name} and stands on white.",
    "{who}小于版本 {name} 的尺寸，未放大，四周留白。",
)
RENDITION_UNLABELLED = Wording(
    "{who}'s rendition {name} lacks labels: {seen}.", "{who}的版本 {name} 缺少 AI 标识：{seen}。"
)
RENDITION_UNSEALED = Wording(
    "{who}'s rendition {name} is not signed: {seen}.", "{who}的版本 {name} 没有签名：{seen}。"
)
_THE_PICTURE = Wording("The picture", "这张图片")
_PICTURE = Wording("Picture {index}", "第 {index} 张图片")
_BETWEEN = Wording(" ", "")


def remarks(result: JobResult, language: Language = Language.ENGLISH) -> str:
    """A sentence for each; empty where all is well."""
    sentences = []
    for image in result.images:
        who = (_PICTURE if result.n > 1 else _THE_PICTURE).said_in(language)
        for wording, seen in _on(image):
            text = wording.said_in(language)
            sentences.append(text.format(who=who.format(index=image.index), seen=seen))
        for wording, name, seen in _on_renditions(image):
            text = wording.said_in(language)
            sentences.append(text.format(who=who.format(index=image.index), name=name, seen=seen))
    return _BETWEEN.said_in(language).join(sentences)


def _on(image: Image) -> Iterator[tuple[Wording, str]]:
    for flaw in image.flaws:
        yield FLAWS[flaw.kind], flaw.seen
    for part in (image, *image.beside):
        if part.unlabelled:
            yield UNLABELLED, part.unlabelled
        if part.unsealed:
            yield UNSEALED, part.unsealed


def _on_renditions(image: Image) -> Iterator[tuple[Wording, str, str]]:
    for spec, why in image.unrendered.items():
        yield UNRENDERED, spec, why.removesuffix(".")
    for each in image.renditions:
        if each.not_filled:
            yield NOT_FILLED, each.spec, ""
        # What the picture itself lacks is said of it.
        if each.unlabelled and not image.unlabelled:
            yield RENDITION_UNLABELLED, each.spec, each.unlabelled
        if each.unsealed and not image.unsealed:
            yield RENDITION_UNSEALED, each.spec, each.unsealed
