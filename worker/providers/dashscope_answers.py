"""What DashScope's answers say besides pictures, told apart by the question that was asked.

Errors are flat; the list has `data` and epoch milliseconds; a cancel answers with nothing but a
request id. A task's answer is read in dashscope_results.py.

Source: Model Studio: asynchronous tasks; error codes.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from schemas.failure import Failure
from worker.policy.classification import DASHSCOPE, classify
from worker.providers.exchange import Answer, clean, part, retry_after_s, text
from worker.providers.port import (
    CancelAnswer,
    ListedTask,
    Refused,
    TaskListAnswer,
    TaskPage,
    TooLate,
    Unanswered,
    Withdrawn,
)

_GAVE_UP_WAITING = frozenset({"GatewayTimeout", "RequestTimeOut", "InternalError.Timeout"})
"""Codes that say an answer was not awaited, not that nothing was done."""
_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "CANCELLED"})
"""(Model Studio: asynchronous tasks; one page writes it with two l.)"""
_NOT_PENDING = "UnsupportedOperation"


def read_refusal(answer: Answer, secrets: tuple[str, ...]) -> Refused | Unanswered:
    """What an answer without the thing asked for means, told by its body before its status."""
    code, message = error_in(answer.document)
    status = answer.status
    if code in _GAVE_UP_WAITING or status == 504:
        return Unanswered(f"HTTP {status}: the provider's gateway did not await the answer")
    if not code and (answer.good or status >= 500):
        # Something between us and the provider speaks, or the provider does not make sense.
        return Unanswered(f"HTTP {status} without the provider's words")
    failure = Failure(
        error_class=classify(DASHSCOPE, status, code, message),
        code=code or f"HTTP {status}",
        message=clean(message, secrets) or f"HTTP {status}",
    )
    return Refused(failure, retry_after_s(answer.headers))


def read_page(
    answer: Answer, model_name: str, page: int, secrets: tuple[str, ...]
) -> TaskListAnswer:
    """A page of the task list, or why it cannot be relied upon to be whole."""
    document = answer.document
    if not answer.good or error_in(document)[0]:
        return read_refusal(answer, secrets)
    counts = [count(document, name) for name in ("total", "total_page", "page_no", "page_size")]
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
    code, _ = error_in(answer.document)
    if code == _NOT_PENDING:
        return TooLate()
    if answer.good and not code and text(answer.document, "request_id"):
        return Withdrawn()
    return read_refusal(answer, secrets)


def failure_in(
    source: dict[str, Any],
    default_code: str,
    default_words: str,
    index: int | None = None,
    secrets: tuple[str, ...] = (),
) -> Failure:
    """A failure inside a good answer; its HTTP status says nothing."""
    code, message = text(source, "code"), text(source, "message")
    return Failure(
        error_class=classify(DASHSCOPE, 200, code, message),
        code=code or default_code,
        message=clean(message, secrets) or default_words,
        index=index,
    )


def error_in(document: dict[str, Any]) -> tuple[str, str]:
    """Code and words of an error: flat, or nested as gateways for other dialects do."""
    for source in (document, part(document, "error"), part(document, "output")):
        code = text(source, "code")
        if code:
            return code, text(source, "message")
    return "", text(document, "message")


def count(source: dict[str, Any], name: str) -> int | None:
    """A whole number that is not negative; None where there is none."""
    value = text(source, name)
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None


def _listed(entry: object, model_name: str) -> ListedTask | None:
    """One task of the list; None where we could not tell whose or when."""
    fields = entry if isinstance(entry, dict) else {}
    ticket, created_ms = text(fields, "task_id"), count(fields, "gmt_create")
    if not ticket or not created_ms or text(fields, "model_name") != model_name:
        return None
    ended = text(fields, "status").upper() in _ENDED
    return ListedTask(ticket, created_ms / 1000, ended)


def _date_s(headers: httpx2.Headers) -> float | None:
    """The Date header, which names whole seconds (RFC 9110)."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
