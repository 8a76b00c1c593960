"""Hosts that send too much, too slowly, or something else than a picture."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest

from results.picture import NotAPicture, inspect
from schemas.clock import Clock, SystemClock
from tests.worker.wire import Play, Wire, answer, wire
from worker.connection import open_http
from worker.fetching import Fetched, Fetcher, FetchFailed, FetchLimits
from worker.policy.hosts import PictureHosts

TWO_GB = 2 * 1024**3
LIMITS = FetchLimits(size_bytes=1024 * 1024, duration_s=0.4)


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as opened:
        yield opened


@contextmanager
def fetcher(limits: FetchLimits = LIMITS, clock: Clock | None = None) -> Iterator[Fetcher]:
    opened = Fetcher(open_http(2), PictureHosts((), loopback=True), clock or SystemClock(), limits)
    try:
        yield opened
    finally:
        opened.close()


def announcing(size_bytes: int) -> Play:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(size_bytes))
        handler.end_headers()
        pour(handler, b"x" * 65536)

    return play


def chunked(handler: BaseHTTPRequestHandler) -> None:
    """Pieces without end or announced length."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    pour(handler, b"10000\r\n" + b"x" * 65536 + b"\r\n")


def pour(handler: BaseHTTPRequestHandler, piece: bytes) -> None:
    handler.close_connection = True
    with suppress(OSError):
        while True:
            handler.wfile.write(piece)


@pytest.mark.parametrize("play", [announcing(TWO_GB), announcing(10**18), chunked])
def test_two_gigabytes_are_neither_read_nor_held(server: Wire, play: Play) -> None:
    server.plays(play)
    with fetcher() as opened:
        tracemalloc.start()
        found = opened.fetch(f"{server.url}/a.png")
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(found, FetchFailed)
    assert found.kind == "too_large"
    assert peak_bytes < 8 * LIMITS.size_bytes


def test_what_was_compressed_on_the_way_is_not_unpacked(server: Wire) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    server.plays(answer(200, bomb, Content_Encoding="gzip", Content_Type="image/png"))
    with fetcher() as opened:
        found = opened.fetch(f"{server.url}/a.png")
    assert server.heard[0].headers["Accept-Encoding"] == "identity"
    assert found == Fetched(bomb)
    with pytest.raises(NotAPicture):
        inspect(bomb)


@dataclass
class Dripping:
    """A host that sends a beginning and then a byte every now and then, for ever."""

    beginning: bytes
    drops: bytes
    ended: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}/a.png"
            finally:
                self.ended.set()
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError), ExitStack() as stack:
            while True:
                client = stack.enter_context(listener.accept()[0])
                client.recv(65536)
                client.sendall(self.beginning)
                while not self.ended.wait(0.02):
                    client.sendall(self.drops)


DRIPS = {
    "status line": Dripping(b"", b"H"),
    "headers": Dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "many headers": Dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "body": Dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x"),
    "chunks": Dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "refusal": Dripping(b"HTTP/1.1 403 No\r\nContent-Length: 9000\r\n\r\n", b"x"),
    "promises": Dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("where", DRIPS)
def test_a_host_that_drips_holds_a_thread_no_longer_than_a_download_may_take(where: str) -> None:
    drip = Dripping(DRIPS[where].beginning, DRIPS[where].drops)
    clock = SystemClock()
    with drip.running() as url, fetcher(clock=clock) as opened:
        began_s = clock.monotonic_s()
        found = opened.fetch(url)
        took_s = clock.monotonic_s() - began_s
    assert isinstance(found, FetchFailed)
    assert found.kind in ("transient", "forbidden")
    assert took_s < 10


@dataclass
class PatientClock:
    """Stands still until it is told."""

    passed_s: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return self.passed_s

    def sleep(self, _wait_s: float) -> None:
        raise AssertionError("nothing sleeps here")


def test_a_connection_that_is_used_again_has_a_new_deadline(server: Wire) -> None:
    clock = PatientClock()
    server.plays(answer(200, b"one"), answer(200, b"two"))
    with fetcher(FetchLimits(duration_s=10), clock) as opened:
        assert opened.fetch(f"{server.url}/1.png") == Fetched(b"one")
        clock.passed_s = 3600.0
        assert opened.fetch(f"{server.url}/2.png") == Fetched(b"two")


PAGES = {
    "a page called a picture": b"<!DOCTYPE html><script>alert(1)</script>",
    "a refusal of the bucket": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "JSON": b'{"code": "AccessDenied"}',
    "a program": b"MZ\x90\0" + b"\0" * 100,
    "a PDF": b"%PDF-1.7 /OpenAction",
    "a GIF": b"GIF89a" + b"\0" * 40,
    "a TIFF": b"II*\0" + b"\0" * 40,
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "a ZIP": b"PK\x03\x04" + b"\0" * 40,
    "nothing we know": bytes(range(256)),
}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_host_calls_a_picture_is_judged_by_its_bytes(server: Wire, page: str) -> None:
    server.plays(answer(200, PAGES[page], Content_Type="image/png"))
    with fetcher() as opened:
        found = opened.fetch(f"{server.url}/a.png")
    assert isinstance(found, Fetched)
    with pytest.raises(NotAPicture):
        inspect(found.data)
