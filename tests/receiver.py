"""Somebody who is told: a real HTTP server that keeps what it gets, and checks signatures itself.

Nothing here uses the code that signs: HMAC is written out from RFC 2104.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.http_server import QuietHandler, serving

_BLOCK_BYTES = 64


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        return str(self.document["type"])


@dataclass(frozen=True)
class Reply:
    """How to answer."""

    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Receiver:
    """What came in, and how the next requests are answered."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.replies: deque[Reply] = deque()
        """For the next requests; then `usual`."""
        self.usual = Reply()
        self.url = ""

    @property
    def types(self) -> list[str]:
        return [one.type for one in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of this machine, as long as the block runs."""
    receiver = Receiver()

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, self.rfile.read(length)))
            reply = receiver.replies.popleft() if receiver.replies else receiver.usual
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

    with serving(Handler) as address:
        receiver.url = f"{address}/hook"
        yield receiver


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, written out."""
    key = hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded) + message).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in padded) + inner).digest()


def is_signed(received: Received, secret: str) -> bool:
    """Whether a request has the signature that Standard Webhooks asks for."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    timestamp = received.headers["webhook-timestamp"]
    signed = b".".join([received.id.encode(), timestamp.encode(), received.body])
    expected = base64.b64encode(hmac_sha256(key, signed)).decode()
    return f"v1,{expected}" in received.headers["webhook-signature"].split(" ")
