"""What DashScope drew: one reading for the shapes of all its models.

Pictures come as results[].url, as results[].png_url with svg_url beside it, as output_image_url
with output_vis_image_url beside it, as render_urls[] with bg_urls[] beside them, or as images among
the contents of choices. A shape's failed entries keep their place.

Source: Model Studio: API references of wanx-v1, WordArt, image instance segmentation, poster
generation, background generation, portrait style repaint, wan2.6, Qwen-Image and Z-Image; prices.
"""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from schemas.failure import ErrorClass, Failure
from worker.providers.dashscope_answers import count, failure_in
from worker.providers.exchange import clean, expires_at_s, part, text
from worker.providers.port import (
    Done,
    PollAnswer,
    RemotePicture,
    StillRunning,
    TaskFailed,
    TaskUnknown,
)

TASK_TIMES = ("submit_time", "end_time")
_QUEUED = frozenset({"PENDING", "SUSPENDED"})
_SHAPES = ("results", "output_image_url", "render_urls", "choices")


class _Entry(NamedTuple):
    """One place among what was drawn."""

    url: str
    """Empty: this one failed."""
    along: tuple[tuple[str, str], ...] = ()
    """What came along with it: part and address."""
    told: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default, never written to
    """What else is said of it."""


def output_of(document: dict[str, Any]) -> dict[str, Any]:
    """What an answer says of a task; old pages print it without the object around it."""
    output = part(document, "output")
    if not output and ("task_status" in document or is_result(document)):
        return document
    return output


def is_result(output: dict[str, Any]) -> bool:
    """Whether there is a place for pictures, be there any in it or none."""
    return any(shape in output for shape in _SHAPES)


def read_task(document: dict[str, Any], secrets: tuple[str, ...] = ()) -> PollAnswer:
    """A task's state. Words we do not know are not the end: the caller has a deadline."""
    output = output_of(document)
    state = text(output, "task_status").upper()
    if state == "SUCCEEDED":
        return read_done(document, secrets)
    return read_unfinished(output, state, secrets)


def read_unfinished(
    output: dict[str, Any], state: str, secrets: tuple[str, ...] = ()
) -> StillRunning | TaskFailed | TaskUnknown:
    """What a state other than success means."""
    match state:
        case "FAILED":
            words = "the task failed without saying why"
            return TaskFailed(failure_in(output, "TaskFailed", words, secrets=secrets))
        case "CANCELED" | "CANCELLED":
            words = clean(text(output, "message"), secrets)
            return TaskFailed(
                Failure(
                    error_class=ErrorClass.CANCELLED,
                    code="CANCELED",
                    message=words or "the task was cancelled at the provider",
                )
            )
        case "UNKNOWN":
            return TaskUnknown()
        case _:
            return StillRunning(queued=state in _QUEUED)


def read_done(document: dict[str, Any], secrets: tuple[str, ...] = (), prompt: str = "") -> Done:
    """Pictures by their place: two may share one address. `prompt` is ours, where it is known."""
    output = output_of(document)
    entries, texts = _entries(output), _texts(output)
    failures = [
        failure_in(entry.told, "NoPicture", "no picture and no reason", index, secrets)
        for index, entry in enumerate(entries, start=1)
        if not entry.url
    ]
    failures += _failures_of_all(output, entries, secrets)
    usage = part(document, "usage") or part(output, "usage")
    parts = [output, *(entry.told for entry in entries)]
    sole = texts[0] if len(texts) == len(entries) == 1 else None
    actual = _first(parts, "actual_prompt") or sole
    return Done(
        _pictures(output, entries),
        tuple(failures),
        actual_prompt=None if actual == prompt else actual,
        prompt_echo=_first(parts, "orig_prompt"),
        facts=_facts(output, usage, () if sole else texts),
        charged=_charged(usage, sum(bool(entry.url) for entry in entries)),
        took_s=took_s(output, TASK_TIMES),
    )


def took_s(output: dict[str, Any], names: tuple[str, str]) -> float | None:
    """Both times are the provider's, of one zone without naming it; some lack the milliseconds."""
    try:
        started, ended = (datetime.fromisoformat(text(output, name)) for name in names)
        seconds = (ended - started).total_seconds()
    except (ValueError, TypeError):
        return None
    return seconds if seconds >= 0 else None


def _entries(output: dict[str, Any]) -> list[_Entry]:
    """The first shape that has anything."""
    found = [_of_result(entry) for entry in _list(output, "results")]
    url = text(output, "output_image_url")
    if not found and url:
        found = [_Entry(url, _along(overlay=text(output, "output_vis_image_url")))]
    if not found:
        backgrounds = _list(output, "bg_urls")
        found = [
            _of_poster(drawn, backgrounds[place : place + 1])
            for place, drawn in enumerate(_list(output, "render_urls"))
        ]
    return found or [entry for choice in _list(output, "choices") for entry in _of_choice(choice)]


def _of_result(found: object) -> _Entry:
    told = found if isinstance(found, dict) else {}
    main, drawing = text(told, "url") or text(told, "png_url"), text(told, "svg_url")
    if not main:
        return _Entry(drawing, (), told)
    return _Entry(main, _along(svg=drawing), told)


def _of_poster(drawn: object, background: list[Any]) -> _Entry:
    along = _along(background="".join(map(_address, background)))
    return _Entry(_address(drawn), along, drawn if isinstance(drawn, dict) else {})


def _of_choice(found: object) -> list[_Entry]:
    """A choice may have one image, several, or words only; one that failed keeps its place."""
    choice = found if isinstance(found, dict) else {}
    images = [
        _Entry(text(piece, "image"), (), piece)
        for piece in _contents(choice)
        if text(piece, "image") or text(piece, "code")
    ]
    if not images and text(choice, "code"):
        return [_Entry("", (), choice)]
    return images


def _texts(output: dict[str, Any]) -> tuple[str, ...]:
    """Words beside the images: a prompt as it was rewritten (z-image), or a story's (wan2.6)."""
    choices = [choice for choice in _list(output, "choices") if isinstance(choice, dict)]
    found = (text(piece, "text") for choice in choices for piece in _contents(choice))
    return tuple(filter(None, found))


def _contents(choice: dict[str, Any]) -> list[dict[str, Any]]:
    pieces = _list(part(choice, "message"), "content")
    return [piece for piece in pieces if isinstance(piece, dict)]


def _failures_of_all(
    output: dict[str, Any], entries: list[_Entry], secrets: tuple[str, ...]
) -> list[Failure]:
    """Portrait style repaint says error_code 0, "Success" where all is well."""
    code = text(output, "error_code")
    if code not in ("", "0"):
        told = {"code": code, "message": text(output, "error_message")}
        return [failure_in(told, "NoPicture", "the task ended with an error", secrets=secrets)]
    if not entries:
        words = "the task succeeded without any picture"
        return [failure_in(output, "NoPicture", words, secrets=secrets)]
    return []


def _pictures(output: dict[str, Any], entries: list[_Entry]) -> tuple[RemotePicture, ...]:
    # Titles cut out of the pictures of background generation, in the same order.
    titles = map(_address, _list(part(output, "text_results"), "urls"))
    found: list[RemotePicture] = []
    for index, (entry, title) in enumerate(zip_longest(entries, titles), start=1):
        if entry is None or not entry.url:
            continue
        for name, url in (("", entry.url), *entry.along, *_along(text=title or "")):
            found.append(RemotePicture(index, url, expires_at_s(url), name))
    return tuple(found)


def _facts(output: dict[str, Any], usage: dict[str, Any], texts: tuple[str, ...]) -> dict[str, Any]:
    """What a user needs for a further order or to understand the bill, under the vendor's names."""
    params = part(output, "text_results").get("params")
    found = {
        # Opaque; the modes sr and hrf of the poster model ask for it.
        "auxiliary_parameters": output.get("auxiliary_parameters"),
        "text_results": {"params": params} if params else None,
        "output_image_type": text(usage, "output_image_type"),
        "text": list(texts),
    }
    return {name: value for name, value in found.items() if value}


def _charged(usage: dict[str, Any], pictures: int) -> int | None:
    """What the provider bills counts, more or less than came. That it drew for nothing is not said
    by a 0 beside pictures: some models leave the count out that way."""
    counts = (count(usage, name) for name in ("image_count", "output_image_count"))
    billed = next(filter(None, counts), None)
    return None if billed == pictures else billed


def _along(**parts: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, url) for name, url in parts.items() if url)


def _address(found: object) -> str:
    return found if isinstance(found, str) else ""


def _list(source: dict[str, Any], name: str) -> list[Any]:
    found = source.get(name)
    return found if isinstance(found, list) else []


def _first(parts: list[dict[str, Any]], name: str) -> str | None:
    return next(filter(None, (text(part, name) for part in parts)), None)
