"""The HTTP client of a process, and what its errors say about whether a request left."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import httpx2

from storage.guard import NO_PROXY

TIMEOUT = httpx2.Timeout(connect=5.0, read=60.0, write=60.0, pool=5.0)


class Fate(Enum):
    """What became of a request that has no answer."""

    NOT_SENT = "not sent"
    """Nothing of it left this machine: safe to send again."""
    UNANSWERED = "unanswered"
    """It may have arrived."""


FATES: dict[type[httpx2.HTTPError], Fate] = {
    # Raised before the first byte of a request.
    httpx2.ConnectError: Fate.NOT_SENT,
    httpx2.ConnectTimeout: Fate.NOT_SENT,
    httpx2.PoolTimeout: Fate.NOT_SENT,
    httpx2.ProxyError: Fate.NOT_SENT,
    httpx2.UnsupportedProtocol: Fate.NOT_SENT,
    httpx2.LocalProtocolError: Fate.NOT_SENT,
    # Raised while it leaves or while its answer comes.
    httpx2.WriteTimeout: Fate.UNANSWERED,
    httpx2.WriteError: Fate.UNANSWERED,
    httpx2.ReadTimeout: Fate.UNANSWERED,
    httpx2.ReadError: Fate.UNANSWERED,
    httpx2.CloseError: Fate.UNANSWERED,
    httpx2.RemoteProtocolError: Fate.UNANSWERED,
    httpx2.DecodingError: Fate.UNANSWERED,
    httpx2.SSEError: Fate.UNANSWERED,
    httpx2.TooManyRedirects: Fate.UNANSWERED,
    httpx2.HTTPStatusError: Fate.UNANSWERED,
    # Families: never raised themselves, and read in the careful way if they are.
    httpx2.TimeoutException: Fate.UNANSWERED,
    httpx2.NetworkError: Fate.UNANSWERED,
    httpx2.ProtocolError: Fate.UNANSWERED,
    httpx2.TransportError: Fate.UNANSWERED,
    httpx2.RequestError: Fate.UNANSWERED,
    httpx2.HTTPError: Fate.UNANSWERED,
}


class BodyTooLarge(Exception):
    """More bytes came than the caller accepts."""


_ABOUT_TO_SEND = (".send_request_headers.started", ".send_request_body.started")


class Withheld(Exception):
    """The sender was asked at the last moment and said no: nothing of the request left."""


def open_http(threads: int, timeout: httpx2.Timeout = TIMEOUT) -> httpx2.Client:
    """A client that `threads` threads share.

    Orders and pictures take one client each: a picture's host gets neither our connections to the
    provider nor its cookies.
    """
    return httpx2.Client(
        timeout=timeout,
        limits=httpx2.Limits(max_connections=threads, max_keepalive_connections=threads),
        mounts=NO_PROXY,
        follow_redirects=False,
        http2=False,
    )


def sent_only_if(may_send: Callable[[], bool]) -> dict[str, Any]:
    """Request extensions that ask `may_send` once name lookup, connection and TLS are done.

    When it says no, sending raises Withheld, and the connection, which has ordered nothing, is closed.
    A tunnel through a proxy asks before it is opened too.
    """

    def trace(event: str, _info: object) -> None:
        # Right before the first byte is written; and before the body, without which it is no order.
        if event.endswith(_ABOUT_TO_SEND) and not may_send():
            raise Withheld

    return {"trace": trace}


def read_body(response: httpx2.Response, limit_bytes: int) -> bytes:
    """The decoded body of a streamed response. Raises BodyTooLarge beyond `limit_bytes`."""
    parts: list[bytes] = []
    size_bytes = 0
    for part in response.iter_bytes():
        size_bytes += len(part)
        if size_bytes > limit_bytes:
            raise BodyTooLarge(f"more than {limit_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def explain(error: httpx2.HTTPError) -> str:
    """An error as words that hold no secret."""
    words = str(error)
    if not words or isinstance(error, httpx2.LocalProtocolError):  # which quotes the bad header
        return type(error).__name__
    return f"{type(error).__name__}: {words}"


def fate(error: httpx2.HTTPError) -> Fate:
    """Whether a request that ended in `error` may have arrived."""
    return FATES.get(type(error), Fate.UNANSWERED)
