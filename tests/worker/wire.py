"""An HTTP server on a port that records raw requests and plays scripted answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.http_server import QuietHandler, serving
from tests.ports import free_ports


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def document(self) -> Any:
        return json.loads(self.body)


Play = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Wire:
    """The server's address, what it heard, and what it will answer next."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    script: list[Play] = field(default_factory=list)
    finished: threading.Event = field(default_factory=threading.Event)

    def plays(self, *answers: Play) -> None:
        self.script.extend(answers)


def answer(status: int = 200, body: Any = b"", **headers: str) -> Play:
    """A whole answer; anything but bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return play


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def drop_midway(handler: BaseHTTPRequestHandler) -> None:
    """Announce more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"output": {"task_id"')
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A body without announced length that never ends by itself."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        handler.close_connection = True


def silent_until(finished: threading.Event) -> Play:
    """Answer nothing until the test is over."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        finished.wait(30)
        handler.close_connection = True

    return play


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the play."""


@contextmanager
def wire() -> Iterator[Wire]:
    """A server on a free port of this machine."""
    told: list[Wire] = []

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            told[0].heard.append(
                Heard(self.requestline, dict(self.headers.items()), self.rfile.read(length))
            )
            script = told[0].script
            (script.pop(0) if script else answer(500, b"nothing scripted"))(self)

        do_GET = do_POST = _serve  # noqa: N815 - http.server fixes the names

    # Daemons, so that a connection the client keeps open does not hold up the end of the test.
    with serving(Handler, _Server) as url:
        told.append(Wire(url))
        try:
            yield told[0]
        finally:
            told[0].finished.set()


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def refused_port() -> int:
    """A port where nobody listens."""
    return free_ports(1)[0]
