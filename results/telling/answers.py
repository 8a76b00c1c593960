"""What an answer to a notice says: a chat refuses with HTTP 200, and says so in the body."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_QUOTED_CHARACTERS = 200


@dataclass(frozen=True)
class Delivered:
    """Somebody took the notice."""

    status: int


@dataclass(frozen=True)
class Undelivered:
    """Nobody took it."""

    why: str
    asked_s: float | None = None
    """After this the receiver wants to be asked again, where it says."""
    is_gone: bool = False
    """The receiver wants nothing more, ever (HTTP 410)."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after: str | None = None


def judge(format_: str, answer: Answer) -> Delivered | Undelivered:
    """Whether the receiver took the notice."""
    if not 200 <= answer.status < 300:
        return Undelivered(
            f"it answered HTTP {answer.status}{_said(format_, answer.body)}",
            asked_s=_seconds(answer.retry_after),
            is_gone=answer.status == 410,
        )
    match format_:
        case "dingtalk":
            return _judge_code(answer, ("errcode",), "errmsg")
        case "feishu":
            # Old bots say StatusCode.
            return _judge_code(answer, ("code", "StatusCode"), "msg")
        case _:
            return Delivered(answer.status)


def _judge_code(answer: Answer, names: tuple[str, ...], words: str) -> Delivered | Undelivered:
    document = _document(answer.body)
    code = next((document[name] for name in names if name in document), None)
    if code == 0 and type(code) is int:
        return Delivered(answer.status)
    if code is None:
        return Undelivered("its answer is none that such a robot gives")
    why = _quoted(str(document.get(words, "")))
    return Undelivered(f"it refused with code {_quoted(str(code))}{f': {why}' if why else ''}")


def _said(format_: str, body: bytes) -> str:
    """A chat's own words; a server of anybody's may echo what is nobody's business."""
    if format_ == "json":
        return ""
    said = _quoted(body.decode(errors="replace"))
    return f": {said}" if said else ""


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _quoted(text: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    return text if len(text) <= _QUOTED_CHARACTERS else text[: _QUOTED_CHARACTERS - 1] + "…"


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; a date is left to our own pauses."""
    if retry_after is None or not (retry_after.isascii() and retry_after.isdigit()):
        return None
    return float(retry_after[:9])
