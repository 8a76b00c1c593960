"""One request to a provider and its answer, whatever dialect it speaks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from worker.connection import TIMEOUT, BodyTooLarge, Fate, Withheld, explain, fate, read_body
from worker.providers.port import NotSent, Unanswered

MESSAGE_LIMIT = 300
ANSWER_LIMIT_BYTES = 1024 * 1024
"""Of answers that hold words only."""
PICTURES_LIMIT_BYTES = 192 * 1024 * 1024
"""Of answers that hold pictures: four of 20 MB and more, in base64."""

HEADERS = {"Accept": "application/json", "User-Agent": "imagemill"}
JSON_HEADERS = {**HEADERS, "Content-Type": "application/json"}

_KEY = re.compile(r"[\x21-\x7e]+")
_DATA_URI = re.compile(r"data:[\w/+.-]*;base64,[\w/+=-]*")
_SIGNED_URL = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")


@dataclass(frozen=True)
class Answer:
    """An answer that came whole."""

    status: int
    headers: httpx2.Headers
    body: bytes
    document: dict[str, Any]
    """The JSON object of the body; empty where the body was none."""

    @property
    def good(self) -> bool:
        """Whether its status says that all went well."""
        return 200 <= self.status < 300


def ask(
    http: httpx2.Client, request: httpx2.Request, limit_bytes: int = ANSWER_LIMIT_BYTES
) -> Answer | NotSent | Unanswered:
    """Send a request once. Never raises for what the network or the provider does."""
    try:
        response = http.send(request, stream=True, follow_redirects=False)
        try:
            body = read_body(response, limit_bytes)
        finally:
            response.close()
    except Withheld:
        return NotSent("held up too long before the request would have left: nothing was sent")
    except httpx2.HTTPError as error:
        if fate(error) is Fate.NOT_SENT:
            return NotSent(explain(error))
        return Unanswered(explain(error))
    except BodyTooLarge as error:
        return Unanswered(f"an answer of {error}")
    return Answer(response.status_code, response.headers, body, parse(body))


def awaiting(answer_s: float) -> httpx2.Timeout:
    """The usual waits, and up to so many seconds without a word until the answer comes."""
    return httpx2.Timeout(**{**TIMEOUT.as_dict(), "read": answer_s})


def as_json(body: dict[str, Any]) -> bytes:
    """A request's body, whatever characters a manifest brought."""
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; empty where it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def part(document: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside a document; empty where there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def text(source: dict[str, Any], name: str) -> str:
    """A field as text; empty where it is missing or no text."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def clean(message: str, secrets: tuple[str, ...] = ()) -> str:
    """The provider's words without what we gave it in confidence, and short."""
    for secret in filter(None, secrets):
        message = message.replace(secret, "...")
    message = _DATA_URI.sub("data:...", _SIGNED_URL.sub(r"\1?...", message))
    return " ".join(message.split())[:MESSAGE_LIMIT]


def retry_after_s(headers: httpx2.Headers) -> float | None:
    """How long the provider asks us to wait, where it says so."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
            return float(value) * unit_s
    return None


def expires_at_s(url: str) -> float | None:
    """When a signed address stops working, in seconds since 1970, where it says so.

    Sources: OSS and BOS: signed URLs; Amazon S3, TOS, OSS version 4, Google Cloud Storage: query
    parameters of signature version 4; Azure Storage: service SAS.
    """
    try:
        query = {name.lower(): value[0] for name, value in parse_qs(urlsplit(url).query).items()}
    except ValueError:
        return None
    if re.fullmatch(r"\d{9,11}", query.get("expires", "")):
        return float(query["expires"])
    for family in ("x-amz", "x-tos", "x-oss", "x-goog"):
        signed_s = _moment_s(query.get(f"{family}-date", ""))
        lifetime = query.get(f"{family}-expires", "")
        if signed_s is not None and re.fullmatch(r"\d{1,9}", lifetime):
            return signed_s + float(lifetime)
    bos = re.match(r"bce-auth-v\d/[^/]+/([^/]+)/(\d{1,9})/", query.get("authorization", ""))
    signed_s = _moment_s(bos[1]) if bos else None
    if bos and signed_s is not None:
        return signed_s + float(bos[2])
    return _moment_s(query.get("se", ""))


def _moment_s(written: str) -> float | None:
    """A moment in ISO 8601, as signatures write it; UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def checked_base_url(base_url: str, example: str) -> str:
    """A provider's base URL without a slash at its end. Raises ValueError where it is no address."""
    try:
        parsed = httpx2.URL(base_url)
        parsed.host.encode("idna")
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise ValueError(f"the base URL {base_url!r} is no address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise ValueError(f"the base URL must look like {example}")
    return base_url.rstrip("/")


def is_key(key: str) -> bool:
    """Whether a key could be sent in a header."""
    return bool(_KEY.fullmatch(key))
