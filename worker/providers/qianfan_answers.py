"""What Qianfan's first API says: pictures in base64, or an error code whatever the HTTP status.

Source: Baidu Qianfan: Stable-Diffusion-XL (2024-12-30); error codes (2025-09-05).
"""

from __future__ import annotations

from typing import Any

from schemas.failure import ErrorClass, Failure
from worker.policy.classification import QIANFAN, classify
from worker.providers.exchange import Answer, clean, retry_after_s, text
from worker.providers.inline import decoded
from worker.providers.port import Done, InlinePicture, Refused, Unanswered

_TOKEN_REFUSED = frozenset({"110", "111"})
"""Invalid, expired."""


def refuses_token(answer: Answer) -> bool:
    """Whether a fresh access token would help: nothing was ordered."""
    return _code(answer) in _TOKEN_REFUSED


def read_order(answer: Answer, secrets: tuple[str, ...]) -> Done | Refused | Unanswered:
    """What became of an order."""
    code = _code(answer)
    entries = answer.document.get("data")
    if not code and answer.good and isinstance(entries, list):
        return _done(entries)
    status = answer.status
    if not code and (answer.good or status >= 500):
        # Something between us and the provider speaks, or the provider does not make sense.
        return Unanswered(f"HTTP {status} without pictures and without the provider's words")
    words = text(answer.document, "error_msg")
    failure = Failure(
        error_class=classify(QIANFAN, status, code, words),
        code=code or f"HTTP {status}",
        message=clean(words, secrets) or f"HTTP {status}",
    )
    return Refused(failure, retry_after_s(answer.headers))


def _code(answer: Answer) -> str:
    code = text(answer.document, "error_code")
    return "" if code == "0" else code


def _done(entries: list[Any]) -> Done:
    """Pictures under their own numbers, from 1; what cannot be decoded was drawn all the same."""
    found = [entry if isinstance(entry, dict) else {} for entry in entries]
    pictures: list[InlinePicture] = []
    failures: list[Failure] = []
    for index, entry in zip(_indexes(found), found, strict=True):
        data = decoded(entry.get("b64_image"))
        if data is not None:
            pictures.append(InlinePicture(index, data))
        else:
            failures.append(_no_picture(index))
    if not found:
        failures.append(_no_picture(None))
    drawn = sum(bool(text(entry, "b64_image")) for entry in found)
    charged = drawn if drawn != len(pictures) else None
    return Done(tuple(pictures), tuple(failures), charged=charged)


def _indexes(entries: list[dict[str, Any]]) -> list[int]:
    """The provider's own numbers; places where those are no numbers from 1, or not different."""
    told = [entry.get("index") for entry in entries]
    numbers = [
        one for one in told if isinstance(one, int) and not isinstance(one, bool) and one >= 1
    ]
    if len(set(numbers)) == len(entries):
        return numbers
    return list(range(1, len(entries) + 1))


def _no_picture(index: int | None) -> Failure:
    return Failure(
        error_class=ErrorClass.TRANSIENT,
        code="NoPicture",
        message="no picture that could be decoded, and no reason",
        index=index,
    )
