"""One account's line to DashScope: what all its requests have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import httpx2

from schemas.failure import ErrorClass, Failure
from schemas.job import Job
from schemas.model import Model
from worker.connection import sent_only_if
from worker.providers.exchange import (
    HEADERS,
    JSON_HEADERS,
    Answer,
    as_json,
    ask,
    awaiting,
    checked_base_url,
    is_key,
)
from worker.providers.port import NotSent, Refused, Unanswered

Heard = Answer | Refused | NotSent | Unanswered


class Order(NamedTuple):
    """What is sent, once."""

    job: Job
    model: Model
    body: dict[str, Any]
    may_send: Callable[[], bool]

    @property
    def prompts(self) -> tuple[str, ...]:
        """What a refusal may quote and no message repeats, whatever the model calls it."""
        return (self.job.prompt, self.job.negative_prompt or "", *_prompts(self.job.parameters))


class Line:
    """Sends requests below a base URL with an account's key; shared by threads."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        http: httpx2.Client,
        workspace: str | None = None,
    ) -> None:
        """`workspace` is what a sub-account's key needs. Raises ValueError for a bad address."""
        self._base_url = checked_base_url(base_url, "https://dashscope.aliyuncs.com/api/v1")
        self.key = (api_key or "").strip()
        self._http = http
        self._workspace = workspace

    def ask(self, method: str, path: str) -> Heard:
        """A question, or a wish without a body."""
        return self._send(self._http.build_request(method, self._url(path), headers=HEADERS))

    def place(self, order: Order, *, asynchronous: bool = False) -> Heard:
        """The one request that may be paid for.

        A model that answers at once refuses the header of tasks, and the others its lack.
        """
        headers = dict(JSON_HEADERS)
        if asynchronous:
            headers["X-DashScope-Async"] = "enable"
        if _has_temporary_address(order.body):
            headers["X-DashScope-OssResourceResolve"] = "enable"
        request = self._http.build_request(
            "POST",
            self._url(order.model.path),
            headers=headers,
            content=as_json(order.body),
            timeout=awaiting(order.model.timeout_s),
        )
        request.extensions.update(sent_only_if(order.may_send))
        return self._send(request)

    def hand_over(self, name: str, data: bytes) -> Heard:
        """A file to train with (Model Studio: file management service)."""
        return self._send(
            self._http.build_request(
                "POST",
                self._url("files"),
                headers=HEADERS,
                data={"purpose": "fine-tune"},
                files=[("files", (name, data, "application/zip"))],
            )
        )

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _url(self, path: str) -> str:
        return f"{self._base_url}/{path}"

    def _send(self, request: httpx2.Request) -> Heard:
        if not is_key(self.key):
            return _no_key(missing=not self.key)
        request.headers["Authorization"] = f"Bearer {self.key}"
        if self._workspace:
            # Sub-accounts' keys are refused without it (Model Studio: asynchronous tasks).
            request.headers["X-DashScope-WorkSpace"] = self._workspace
        return ask(self._http, request)


def _prompts(value: Any, *, named: bool = False) -> Iterator[str]:
    """The texts of fields called a prompt, however deep they lie."""
    if isinstance(value, str) and named:
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _prompts(entry, named=named)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _prompts(entry, named=named or "prompt" in name)


def _has_temporary_address(value: Any) -> bool:
    """Whether it names a file in the provider's temporary storage (Model Studio: temporary URLs)."""
    if isinstance(value, str):
        return value.startswith("oss://")
    inside = value.values() if isinstance(value, dict) else value
    return isinstance(inside, Iterable) and any(map(_has_temporary_address, inside))


def _no_key(*, missing: bool) -> Refused:
    words = "no API key: set DASHSCOPE_API_KEY" if missing else "the API key has illegal characters"
    return Refused(Failure(error_class=ErrorClass.ACCOUNT, code="InvalidApiKey", message=words))
