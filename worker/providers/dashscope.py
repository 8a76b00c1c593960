"""DashScope (Alibaba Model Studio): an order is a task, created once and asked for by its id.

Source: Model Studio: asynchronous tasks; wanx-v1 and FLUX API references; error codes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2

from schemas.catalogue import Model
from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from worker.connection import BodyTooLarge, Fate, explain, fate, read_body
from worker.policy.classification import classify
from worker.providers.port import (
    Accepted,
    Done,
    NotSent,
    PollAnswer,
    Refused,
    RemotePicture,
    StillRunning,
    SubmitAnswer,
    TaskFailed,
    TaskUnknown,
    Unanswered,
)

PICTURE_SUFFIXES = (".aliyuncs.com",)
"""Result pictures lie in many OSS buckets and regions (Model Studio: wanx-v1, allow-list)."""
ANSWER_LIMIT_BYTES = 1024 * 1024
MESSAGE_LIMIT = 300

_GAVE_UP_WAITING = frozenset({"GatewayTimeout", "RequestTimeOut", "InternalError.Timeout"})
"""Codes that say an answer was not awaited, not that nothing was done."""
_QUEUED = frozenset({"PENDING", "SUSPENDED"})
_KEY = re.compile(r"[\x21-\x7e]+")
_SIGNED_URL = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx2.Headers
    document: dict[str, Any]
    """The JSON object of the body; empty where the body was none."""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class DashScope:
    """DashScope through one account, shared by all threads of a process."""

    def __init__(self, base_url: str, api_key: str | None, http: httpx2.Client) -> None:
        """`base_url` ends in /api/v1; `http` is ours to close. Raises ValueError for a bad address."""
        try:
            parsed = httpx2.URL(base_url)
            parsed.host.encode("idna")
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise ValueError(f"the base URL {base_url!r} is no address: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            raise ValueError("the base URL must look like https://dashscope.aliyuncs.com/api/v1")
        self._base_url = base_url.rstrip("/")
        self._key = (api_key or "").strip()
        self._http = http

    def submit(self, job: Job, model: Model) -> SubmitAnswer:
        """Create a task. Never raises for what the network or the provider does."""
        content = json.dumps(_order(job, model), ensure_ascii=False).encode(errors="replace")
        url = f"{self._base_url}/{model.endpoint}"
        headers = {"X-DashScope-Async": "enable", "Content-Type": "application/json"}
        answer = self._ask("POST", url, headers, content)
        if not isinstance(answer, _Answer):
            return answer
        ticket = _text(_part(answer.document, "output"), "task_id")
        if answer.good and ticket:
            return Accepted(ticket)
        # A refusal may quote what it refuses.
        return self._refusal(answer, secrets=(job.prompt, job.negative_prompt or ""))

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a task is. Never raises for what the network or the provider does."""
        url = f"{self._base_url}/tasks/{quote(ticket, safe='')}"
        answer = self._ask("GET", url, {}, None)
        if not isinstance(answer, _Answer):
            return answer
        output = _part(answer.document, "output")
        if not (answer.good and _text(output, "task_status")):
            return self._refusal(answer)
        if _text(output, "task_id") not in ("", ticket):
            return Unanswered("the answer is about another task")
        return _read_task(output)

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _ask(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None
    ) -> _Answer | Refused | NotSent | Unanswered:
        if not _KEY.fullmatch(self._key):
            return _no_key(missing=not self._key)
        request = self._http.build_request(
            method,
            url,
            headers={
                "Authorization": f"Bearer {self._key}",
                "Accept": "application/json",
                "User-Agent": "imagemill",
                **headers,
            },
            content=content,
        )
        try:
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                body = read_body(response, ANSWER_LIMIT_BYTES)
            finally:
                response.close()
        except httpx2.HTTPError as error:
            if fate(error) is Fate.NOT_SENT:
                return NotSent(explain(error))
            return Unanswered(explain(error))
        except BodyTooLarge as error:
            return Unanswered(f"an answer of {error}")
        return _Answer(response.status_code, response.headers, _parse(body))

    def _refusal(self, answer: _Answer, secrets: tuple[str, ...] = ()) -> Refused | Unanswered:
        """What an answer without a task means, told by its body before its status."""
        code, message = _error(answer.document)
        status = answer.status
        if code in _GAVE_UP_WAITING or status == 504:
            return Unanswered(f"HTTP {status}: the provider's gateway did not await the answer")
        if not code and (answer.good or status >= 500):
            # Something between us and the provider speaks, or the provider does not make sense.
            return Unanswered(f"HTTP {status} without the provider's words")
        failure = Failure(
            error_class=classify(status, code, message),
            code=code or f"HTTP {status}",
            message=_clean(message, (*secrets, self._key)) or f"HTTP {status}",
        )
        return Refused(failure, _retry_after_s(answer.headers))


def _no_key(*, missing: bool) -> Refused:
    words = "no API key: set DASHSCOPE_API_KEY" if missing else "the API key has illegal characters"
    return Refused(Failure(error_class=ErrorClass.ACCOUNT, code="InvalidApiKey", message=words))


def _order(job: Job, model: Model) -> dict[str, Any]:
    """The body of a create request."""
    order: dict[str, Any] = {
        "model": model.name,
        "input": {"prompt": job.prompt},
        "parameters": {},
    }
    if job.negative_prompt and model.negative_prompt_limit:
        order["input"]["negative_prompt"] = job.negative_prompt
    for name, value in job.parameters.items():
        known = model.parameters.get(name)
        order.setdefault(known.place if known else "parameters", {})[name] = value
    if model.sends_n:
        # Left out, the provider draws and bills four (Model Studio: wanx-v1, n).
        order["parameters"]["n"] = job.n
    return order


def _read_task(output: dict[str, Any]) -> PollAnswer:
    """A task's state. Words we do not know are not the end: the caller has a deadline."""
    state = _text(output, "task_status").upper()
    match state:
        case "SUCCEEDED":
            return _done(output)
        case "FAILED":
            return TaskFailed(_failure(output, "TaskFailed", "the task failed without saying why"))
        case "CANCELED" | "CANCELLED":
            words = _clean(_text(output, "message")) or "the task was cancelled at the provider"
            return TaskFailed(
                Failure(error_class=ErrorClass.CANCELLED, code="CANCELED", message=words)
            )
        case "UNKNOWN":
            return TaskUnknown()
        case _:
            return StillRunning(queued=state in _QUEUED)


def _done(output: dict[str, Any]) -> Done:
    """Pictures by their place among the results: two may share one address."""
    pictures: list[RemotePicture] = []
    failures: list[Failure] = []
    results = output.get("results")
    entries = results if isinstance(results, list) else []
    for index, found in enumerate(entries, start=1):
        entry = found if isinstance(found, dict) else {}
        url = _text(entry, "url")
        if url:
            pictures.append(RemotePicture(index, url, _expires_at_s(url)))
        else:
            failures.append(_failure(entry, "NoPicture", "no picture and no reason", index))
    if not entries:
        failures.append(_failure({}, "NoPicture", "the task succeeded without any picture"))
    prompts = (
        _text(part, "actual_prompt") for part in (output, *entries) if isinstance(part, dict)
    )
    return Done(
        tuple(pictures),
        tuple(failures),
        actual_prompt=next(filter(None, prompts), None),
        took_s=_took_s(output),
    )


def _failure(
    source: dict[str, Any], default_code: str, default_words: str, index: int | None = None
) -> Failure:
    """A failure inside a good answer; its HTTP status says nothing."""
    code, message = _text(source, "code"), _text(source, "message")
    return Failure(
        error_class=classify(200, code, message),
        code=code or default_code,
        message=_clean(message) or default_words,
        index=index,
    )


def _error(document: dict[str, Any]) -> tuple[str, str]:
    """Code and words of an error: flat, or nested as gateways for other dialects do."""
    for source in (document, _part(document, "error"), _part(document, "output")):
        code = _text(source, "code")
        if code:
            return code, _text(source, "message")
    return "", _text(document, "message")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def _clean(message: str, secrets: tuple[str, ...] = ()) -> str:
    """The provider's words without what we gave it in confidence, and short."""
    for secret in filter(None, secrets):
        message = message.replace(secret, "...")
    message = _SIGNED_URL.sub(r"\1?...", message)
    return " ".join(message.split())[:MESSAGE_LIMIT]


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
            return float(value) * unit_s
    return None


def _expires_at_s(url: str) -> float | None:
    """From the signature: OSS version 1 names the moment (OSS: signed URLs)."""
    try:
        found = parse_qs(urlsplit(url).query).get("Expires", [""])[0]
    except ValueError:
        return None
    return float(found) if re.fullmatch(r"\d{9,11}", found) else None


def _took_s(output: dict[str, Any]) -> float | None:
    """Both times are the provider's, of one zone without naming it; some lack the milliseconds."""
    try:
        started, ended = (
            datetime.fromisoformat(_text(output, name)) for name in ("submit_time", "end_time")
        )
        took_s = (ended - started).total_seconds()
    except (ValueError, TypeError):
        return None
    return took_s if took_s >= 0 else None
