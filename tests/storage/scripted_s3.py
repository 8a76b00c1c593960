"""An S3 server that answers as a test wants, for what a well-behaved one cannot be made to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from storage import S3Options


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    if_none_match: bool
    body: bytes
    asks_leave: bool = False


@dataclass(frozen=True)
class Answer:
    """What goes out; `promised_bytes` more than there are tears the connection."""

    status: int
    code: str = ""
    body: bytes = b""
    promised_bytes: int | None = None


@dataclass
class ScriptedS3:
    """The server: `answer` decides, `requests` remembers."""

    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)
    options: S3Options = field(default_factory=S3Options)


class Objects:
    """The least of an S3 server: PUT, GET, HEAD, DELETE and an empty listing."""

    def __init__(self) -> None:
        self.by_path: dict[str, bytes] = {}

    def __call__(self, request: Request) -> Answer:
        if "list-type=2" in request.path:
            return Answer(200, body=b"<ListBucketResult></ListBucketResult>")
        if request.method == "PUT":
            self.by_path[request.path] = request.body
            return Answer(200)
        if request.method == "DELETE":
            self.by_path.pop(request.path, None)
            return Answer(204)
        if request.path not in self.by_path:
            return Answer(404, "NoSuchKey")
        return Answer(200, body=self.by_path[request.path])


def _handler_for(script: ScriptedS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            conditional = self.headers.get("If-None-Match") == "*"
            asks_leave = "Expect" in self.headers
            request = Request(self.command, self.path, conditional, body, asks_leave)
            script.requests.append(request)
            self._send(script.answer(request))

        def _send(self, found: Answer) -> None:
            body = found.body
            if found.code and self.command != "HEAD":
                body = f"<Error><Code>{found.code}</Code></Error>".encode()
            self.send_response(found.status)
            self.send_header("Content-Length", str(found.promised_bytes or len(body)))
            self.send_header("ETag", '"of-no-object"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - likewise
            pass

    return Handler


@contextmanager
def run_scripted_s3(answer: Callable[[Request], Answer]) -> Iterator[ScriptedS3]:
    """Serve on a free port until the end."""
    script = ScriptedS3(answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(script)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        script.options = S3Options(
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            region="us-east-1",
            access_key_id="access",
            secret_access_key="secret-key",
        )
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
