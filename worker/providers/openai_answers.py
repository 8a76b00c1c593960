"""What a server says that speaks OpenAI's images API: pictures in base64 or as addresses, a failure
of its own for each that could not be drawn, or one error.

Source: OpenAI: images, rate limits; Volcengine Ark: images; SiliconFlow: images; vLLM: OpenAI
server, errors.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from schemas.failure import ErrorClass, Failure
from worker.policy.classification import ErrorTable, classify
from worker.providers.exchange import Answer, clean, expires_at_s, part, retry_after_s, text
from worker.providers.inline import decoded, read_data_uri
from worker.providers.port import (
    Done,
    InlinePicture,
    Picture,
    Refused,
    RemotePicture,
    Unanswered,
)

LIFETIME_S = 3600.0
"""How long an address works that does not say so (OpenAI: images; SiliconFlow: images)."""
FACTS_LIMIT = 2000
"""Letters of what is kept of an answer's usage."""

_GATEWAY_GAVE_UP = frozenset({502, 504, 522, 524})
"""Something between us and the server did not await its answer."""
_LIMITS = ("requests", "images", "tokens")
_DURATION = re.compile(
    r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m(?!s))?(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+(?:\.\d+)?)ms)?"
)
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read_order(
    answer: Answer, errors: ErrorTable, secrets: tuple[str, ...], now_s: float
) -> Done | Refused | Unanswered:
    """What became of an order; `now_s` in seconds since 1970, when the answer came."""
    entries = _entries(answer.document)
    if answer.good and entries is not None:
        return _done(answer.document, entries, errors, secrets, now_s)
    code, kind, message = _error(answer.document)
    status = answer.status
    told = bool(code or kind or message)
    if status in _GATEWAY_GAVE_UP:
        return Unanswered(f"HTTP {status}: a gateway did not await the answer")
    if not told and (answer.good or status >= 500):
        # Something between us and the server speaks, or the server does not make sense.
        return Unanswered(f"HTTP {status} without pictures and without the provider's words")
    failure = Failure(
        error_class=classify(errors, status, code, message, kind=kind),
        code=code or kind or f"HTTP {status}",
        message=clean(message, secrets) or f"HTTP {status}",
    )
    return Refused(failure, _pause_s(answer.headers, now_s))


def _entries(document: dict[str, Any]) -> list[Any] | None:
    """The pictures of an answer: `data`; at SiliconFlow `images`. None: it has neither."""
    found = [document[name] for name in ("data", "images") if isinstance(document.get(name), list)]
    return next(filter(None, found), found[0] if found else None)


def _done(
    document: dict[str, Any],
    entries: list[Any],
    errors: ErrorTable,
    secrets: tuple[str, ...],
    now_s: float,
) -> Done:
    """Pictures by their place: two may share one address."""
    pictures: list[Picture] = []
    failures: list[Failure] = []
    dicts = [entry if isinstance(entry, dict) else {} for entry in entries]
    for index, entry in enumerate(dicts, start=1):
        picture = _picture(index, entry, now_s)
        if picture is not None:
            pictures.append(picture)
        else:
            failures.append(_failed_picture(index, entry, errors, secrets))
    if not dicts:
        failures.append(_no_picture(None, "the answer has no pictures"))
    return Done(
        tuple(pictures),
        tuple(failures),
        actual_prompt=next(filter(None, (text(one, "revised_prompt") for one in dicts)), None),
        facts=_facts(document),
        charged=_charged(document, dicts, len(pictures)),
    )


def _picture(index: int, entry: dict[str, Any], now_s: float) -> Picture | None:
    url = text(entry, "url")
    inline = read_data_uri(text(entry, "b64_json")) or read_data_uri(url)
    data = inline.data if inline is not None else decoded(entry.get("b64_json"))
    if data is not None:
        return InlinePicture(index, data)
    if not url or url.lower().startswith("data:"):
        return None
    expires = expires_at_s(url)
    return RemotePicture(index, url, now_s + LIFETIME_S if expires is None else expires)


def _failed_picture(
    index: int, entry: dict[str, Any], errors: ErrorTable, secrets: tuple[str, ...]
) -> Failure:
    code, kind, message = _error(entry)
    if not (code or kind or message):
        came = "b64_json" in entry or "url" in entry
        return _no_picture(index, "damaged base64" if came else "no picture and no reason")
    return Failure(
        error_class=classify(errors, 200, code, message, kind=kind),
        code=code or kind or "NoPicture",
        message=clean(message, secrets) or "no picture",
        index=index,
    )


def _no_picture(index: int | None, words: str) -> Failure:
    return Failure(error_class=ErrorClass.TRANSIENT, code="NoPicture", message=words, index=index)


def _charged(document: dict[str, Any], entries: list[dict[str, Any]], stored: int) -> int | None:
    """Pictures billed: as many as the answer counts, else as many as were drawn."""
    told = text(part(document, "usage"), "generated_images")
    drawn = sum(bool(text(entry, "url") or text(entry, "b64_json")) for entry in entries)
    billed = int(told) if re.fullmatch(r"\d{1,4}", told) else drawn
    return billed if billed != stored else None


def _facts(document: dict[str, Any]) -> dict[str, Any]:
    """What is worth keeping: what was used, and the seed the server chose."""
    facts: dict[str, Any] = {}
    usage = part(document, "usage")
    if usage and len(json.dumps(usage)) <= FACTS_LIMIT:
        facts["usage"] = usage
    if text(document, "seed"):
        facts["seed"] = document["seed"]
    return facts


def _error(document: dict[str, Any]) -> tuple[str, str, str]:
    """Code, type and words of an error: nested (OpenAI), flat (SiliconFlow), or a word alone."""
    nested = document.get("error", document)
    if isinstance(nested, str):
        return text(document, "code"), "", text(document, "message") or nested
    if not isinstance(nested, dict):
        return "", "", ""
    message = text(nested, "message") or _details(nested.get("detail"))
    code, kind = text(nested, "code"), text(nested, "type")
    if nested is document and not message:
        # A document that is no error may have a type or a code of its own.
        return "", "", ""
    return code, kind, message


def _details(detail: object) -> str:
    """What FastAPI servers say of a wrong request: a sentence, or one for each field."""
    if isinstance(detail, str):
        return detail
    found = (
        [entry for entry in detail if isinstance(entry, dict)] if isinstance(detail, list) else []
    )
    return "; ".join(f"{_place(entry)}: {text(entry, 'msg')}" for entry in found)


def _place(entry: dict[str, Any]) -> str:
    place = entry.get("loc")
    return ".".join(map(str, place)) if isinstance(place, list) else "request"


def _pause_s(headers: httpx2.Headers, now_s: float) -> float | None:
    """How long the server asks us to wait: it says so, or when a limit that is used up is reset."""
    told = retry_after_s(headers)
    if told is not None:
        return told
    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(moment.timestamp() - now_s, 0.0)
    except (ValueError, TypeError, OverflowError):
        pass
    resets = {
        name: wait_s
        for name in _LIMITS
        if (wait_s := _duration_s(headers.get(f"x-ratelimit-reset-{name}", ""))) is not None
    }
    used_up = [
        wait_s
        for name, wait_s in resets.items()
        if headers.get(f"x-ratelimit-remaining-{name}", "").strip() == "0"
    ]
    return max(used_up) if used_up else min(resets.values(), default=None)


def _duration_s(written: str) -> float | None:
    """Seconds, as a number or as 1h2m3.5s or 120ms."""
    written = written.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", written):
        return float(written)
    match = _DURATION.fullmatch(written) if written and len(written) <= 40 else None
    if match is None:
        return None
    return sum(float(match[unit] or 0) * size_s for unit, size_s in _UNIT_S.items())
