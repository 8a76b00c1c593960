"""DashScope (Alibaba Model Studio): an order is a task, created once and asked for by its id.

Source: Model Studio: asynchronous tasks; wanx-v1 and FLUX API references; error codes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import httpx2

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.connection import sent_only_if
from worker.providers.dashscope_answers import (
    output_of,
    read_cancel,
    read_page,
    read_refusal,
    read_task,
    read_ticket,
)
from worker.providers.exchange import Answer, ask, checked_base_url, is_key, text
from worker.providers.order import body_of
from worker.providers.port import (
    Accepted,
    CancelAnswer,
    NotSent,
    PollAnswer,
    Refused,
    SubmitAnswer,
    TaskListAnswer,
    Unanswered,
    always,
)

PICTURE_SUFFIXES = (".aliyuncs.com",)
"""Result pictures lie in many OSS buckets and regions (Model Studio: wanx-v1, allow-list)."""
PAGE_SIZE = 100

_BEIJING = timezone(timedelta(hours=8))


class DashScope:
    """DashScope through one account, shared by all threads of a process."""

    def __init__(self, base_url: str, api_key: str | None, http: httpx2.Client) -> None:
        """`base_url` ends in /api/v1; `http` is ours to close. Raises ValueError for a bad address."""
        self._base_url = checked_base_url(base_url, "https://dashscope.aliyuncs.com/api/v1")
        self._key = (api_key or "").strip()
        self._http = http

    def submit(
        self, job: Job, model: Model, *, may_send: Callable[[], bool] = always
    ) -> SubmitAnswer:
        """Create a task. Never raises for what the network or the provider does."""
        content = json.dumps(
            {"model": model.wire_name or model.name, **body_of(job, model)}, ensure_ascii=False
        ).encode(errors="replace")
        headers = {"X-DashScope-Async": "enable", "Content-Type": "application/json"}
        request = self._request("POST", model.endpoint, headers, content)
        request.extensions.update(sent_only_if(may_send))
        answer = self._ask(request)
        if not isinstance(answer, Answer):
            return answer
        ticket = read_ticket(answer)
        if ticket:
            return Accepted(ticket)
        # A refusal may quote what it refuses.
        return read_refusal(answer, (job.prompt, job.negative_prompt or "", self._key))

    def poll(self, ticket: str) -> PollAnswer:
        """Ask how a task is. Never raises for what the network or the provider does."""
        answer = self._ask(self._request("GET", _task_path(ticket)))
        if not isinstance(answer, Answer):
            return answer
        output = output_of(answer)
        if not (answer.good and text(output, "task_status")):
            return read_refusal(answer, (self._key,))
        if text(output, "task_id") not in ("", ticket):
            return Unanswered("the answer is about another task")
        return read_task(output)

    def list_tasks(self, model: Model, start_s: float, end_s: float, page: int) -> TaskListAnswer:
        """A page of the main account's tasks of a model. Never raises for what network or provider
        do.

        A span of more than 24 hours is refused (Model Studio: asynchronous tasks).
        """
        asked = {
            "start_time": _beijing_text(math.floor(start_s)),
            "end_time": _beijing_text(math.ceil(end_s)),
            "model_name": model.name,
            "page_no": page,
            "page_size": PAGE_SIZE,
        }
        answer = self._ask(self._request("GET", f"tasks/?{urlencode(asked)}"))
        if not isinstance(answer, Answer):
            return answer
        return read_page(answer, model.name, page, (self._key,))

    def cancel(self, ticket: str) -> CancelAnswer:
        """Cancel a task that is still PENDING. Never raises for what network or provider do."""
        answer = self._ask(self._request("POST", f"{_task_path(ticket)}/cancel"))
        if not isinstance(answer, Answer):
            return answer
        return read_cancel(answer, (self._key,))

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx2.Request:
        return self._http.build_request(
            method,
            f"{self._base_url}/{path}",
            headers={"Accept": "application/json", "User-Agent": "imagemill", **(headers or {})},
            content=content,
        )

    def _ask(self, request: httpx2.Request) -> Answer | Refused | NotSent | Unanswered:
        if not is_key(self._key):
            return _no_key(missing=not self._key)
        request.headers["Authorization"] = f"Bearer {self._key}"
        return ask(self._http, request)


def _no_key(*, missing: bool) -> Refused:
    words = "no API key: set DASHSCOPE_API_KEY" if missing else "the API key has illegal characters"
    return Refused(Failure(error_class=ErrorClass.ACCOUNT, code="InvalidApiKey", message=words))


def _task_path(ticket: str) -> str:
    return f"tasks/{quote(ticket, safe='')}"


def _beijing_text(moment_s: float) -> str:
    """YYYYMMDDhhmmss in UTC+8, as the list wants it (Model Studio: asynchronous tasks)."""
    return f"{datetime.fromtimestamp(moment_s, UTC).astimezone(_BEIJING):%Y%m%d%H%M%S}"
