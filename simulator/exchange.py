"""One HTTP request and its answer, with a way to hang up instead of answering."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CONNECTION = "simulator.connection"
JSON = "application/json;charset=UTF-8"
DROPPED = "dropped"


class HangUpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also hands each request its connection.

    ASGI has no way to close a connection without an answer; `extensions` is where the
    specification lets a server offer more than the standard.
    """

    def on_message_begin(self) -> None:
        """Begin a request as uvicorn does, and add the connection to its scope."""
        super().on_message_begin()
        self.scope["extensions"] = {_CONNECTION: {"transport": self.transport}}


class Exchange:
    """One request and its answer. `endpoint` and `outcome` are what the ledger counts it under."""

    __slots__ = ("_receive", "_scope", "_send", "endpoint", "method", "outcome", "path", "query")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.endpoint = "other"
        # What uvicorn answers should nobody else.
        self.outcome = "500"

    def header(self, name: bytes) -> str | None:
        """The first header of that (lower-case) name."""
        for key, value in self._scope["headers"]:
            if key == name:
                text: str = value.decode("latin-1")
                return text
        return None

    @property
    def origin(self) -> str:
        """Scheme and host as the client wrote them, so that URLs work from where it stands."""
        return f"{self._scope['scheme']}://{self.header(b'host') or '127.0.0.1'}"

    async def body(self) -> bytes:
        """The whole request body."""
        parts: list[bytes] = []
        while True:
            message = await self._receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)

    async def answer(
        self,
        status: int,
        body: bytes,
        content_type: str = JSON,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Send a whole answer."""
        await self._start(status, len(body), content_type, headers)
        await self._send({"type": "http.response.body", "body": body})

    async def answer_json(
        self, status: int, document: dict[str, Any], headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Send a document as JSON."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        await self.answer(status, body, JSON, headers)

    async def answer_cut(self, body: bytes, content_type: str) -> None:
        """Promise the whole body, send half of it and hang up."""
        await self._start(200, len(body), content_type, ())
        half = body[: len(body) // 2]
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        await self._close()

    async def hang_up(self) -> None:
        """Close the connection without any answer."""
        self.outcome = DROPPED
        await self._close()

    async def _start(
        self, status: int, size_bytes: int, content_type: str, headers: Sequence[tuple[str, str]]
    ) -> None:
        self.outcome = str(status)
        raw = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(size_bytes).encode()),
        ]
        raw += [(name.lower().encode(), value.encode()) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def _close(self) -> None:
        self._scope["extensions"][_CONNECTION]["transport"].close()
        # uvicorn would write a 500 for a request left unanswered, until it has seen the
        # connection go; so wait until it has.
        while (await self._receive())["type"] != "http.disconnect":
            continue
