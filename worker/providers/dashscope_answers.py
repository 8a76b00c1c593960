"""What DashScope's answers say: four shapes, told apart by the question that was asked.

Errors are flat; a task's answer is wrapped in `output` and tells Beijing time; the list has `data`
and epoch milliseconds; a cancel answers with nothing but a request id.

Source: Model Studio: asynchronous tasks; wanx-v1 and FLUX API references; error codes.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from schemas.failure import ErrorClass, Failure
from worker.policy.classification import classify
from worker.providers.exchange import Answer, clean, expires_at_s, part, retry_after_s, text
from worker.providers.port import (
    CancelAnswer,
    Done,
    ListedTask,
    PollAnswer,
    Refused,
    RemotePicture,
    StillRunning,
    TaskFailed,
    TaskListAnswer,
    TaskPage,
    TaskUnknown,
    TooLate,
    Unanswered,
    Withdrawn,
)

_GAVE_UP_WAITING = frozenset({"GatewayTimeout", "RequestTimeOut", "InternalError.Timeout"})
"""Codes that say an answer was not awaited, not that nothing was done."""
_QUEUED = frozenset({"PENDING", "SUSPENDED"})
_NOT_PENDING = "UnsupportedOperation"


def output_of(answer: Answer) -> dict[str, Any]:
    """What an answer says of a task; empty where it says nothing."""
    return part(answer.document, "output")


def read_ticket(answer: Answer) -> str:
    """The id of a task just created; empty where there is none."""
    return text(output_of(answer), "task_id") if answer.good else ""


def read_refusal(answer: Answer, secrets: tuple[str, ...]) -> Refused | Unanswered:
    """What an answer without the thing asked for means, told by its body before its status."""
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
        message=clean(message, secrets) or f"HTTP {status}",
    )
    return Refused(failure, retry_after_s(answer.headers))


def read_page(
    answer: Answer, model_name: str, page: int, secrets: tuple[str, ...]
) -> TaskListAnswer:
    """A page of the task list, or why it cannot be relied upon to be whole."""
    document = answer.document
    if not answer.good or _error(document)[0]:
        return read_refusal(answer, secrets)
    counts = [_count(document, name) for name in ("total", "total_page", "page_no", "page_size")]
    total, pages, number, size = (-1 if count is None else count for count in counts)
    entries = document.get("data")
    if min(total, pages, number, size - 1) < 0 or not isinstance(entries, list):
        return Unanswered("a list without its counts or its tasks")
    # An empty list may be called no page or one.
    if number != page or (pages != -(-total // size) and (total, pages) != (0, 1)):
        return Unanswered("a list that contradicts itself or answers another question")
    if len(entries) != max(0, min(size, total - (page - 1) * size)):
        return Unanswered("a page of the list with tasks missing or too many")
    tasks = [_listed(entry, model_name) for entry in entries]
    whole = tuple(task for task in tasks if task is not None)
    if len({task.ticket for task in whole}) != len(entries):
        return Unanswered("a list of tasks without id or time, or of another model's tasks")
    return TaskPage(whole, pages, _date_s(answer.headers))


def read_cancel(answer: Answer, secrets: tuple[str, ...]) -> CancelAnswer:
    """Whether a task was withdrawn: the good answer is a request id and nothing else."""
    code, _ = _error(answer.document)
    if code == _NOT_PENDING:
        return TooLate()
    if answer.good and not code and text(answer.document, "request_id"):
        return Withdrawn()
    return read_refusal(answer, secrets)


def read_task(output: dict[str, Any]) -> PollAnswer:
    """A task's state. Words we do not know are not the end: the caller has a deadline."""
    state = text(output, "task_status").upper()
    match state:
        case "SUCCEEDED":
            return _done(output)
        case "FAILED":
            return TaskFailed(_failure(output, "TaskFailed", "the task failed without saying why"))
        case "CANCELED" | "CANCELLED":
            words = clean(text(output, "message")) or "the task was cancelled at the provider"
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
        url = text(entry, "url")
        if url:
            pictures.append(RemotePicture(index, url, expires_at_s(url)))
        else:
            failures.append(_failure(entry, "NoPicture", "no picture and no reason", index))
    if not entries:
        failures.append(_failure({}, "NoPicture", "the task succeeded without any picture"))
    parts = [part for part in (output, *entries) if isinstance(part, dict)]
    return Done(
        tuple(pictures),
        tuple(failures),
        actual_prompt=_first(parts, "actual_prompt"),
        prompt_echo=_first(parts, "orig_prompt"),
        took_s=_took_s(output),
    )


def _failure(
    source: dict[str, Any], default_code: str, default_words: str, index: int | None = None
) -> Failure:
    """A failure inside a good answer; its HTTP status says nothing."""
    code, message = text(source, "code"), text(source, "message")
    return Failure(
        error_class=classify(200, code, message),
        code=code or default_code,
        message=clean(message) or default_words,
        index=index,
    )


def _error(document: dict[str, Any]) -> tuple[str, str]:
    """Code and words of an error: flat, or nested as gateways for other dialects do."""
    for source in (document, part(document, "error"), part(document, "output")):
        code = text(source, "code")
        if code:
            return code, text(source, "message")
    return "", text(document, "message")


def _first(parts: list[dict[str, Any]], name: str) -> str | None:
    return next(filter(None, (text(part, name) for part in parts)), None)


def _count(source: dict[str, Any], name: str) -> int | None:
    value = text(source, name)
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None


def _listed(entry: object, model_name: str) -> ListedTask | None:
    """One task of the list; None where we could not tell whose or when."""
    fields = entry if isinstance(entry, dict) else {}
    ticket, created_ms = text(fields, "task_id"), _count(fields, "gmt_create")
    if not ticket or not created_ms or text(fields, "model_name") != model_name:
        return None
    return ListedTask(ticket, created_ms / 1000)


def _date_s(headers: httpx2.Headers) -> float | None:
    """The Date header, which names whole seconds (RFC 9110)."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _took_s(output: dict[str, Any]) -> float | None:
    """Both times are the provider's, of one zone without naming it; some lack the milliseconds."""
    try:
        started, ended = (
            datetime.fromisoformat(text(output, name)) for name in ("submit_time", "end_time")
        )
        took_s = (ended - started).total_seconds()
    except (ValueError, TypeError):
        return None
    return took_s if took_s >= 0 else None
