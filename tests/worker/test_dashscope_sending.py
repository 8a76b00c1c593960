"""The last moment before an order leaves: whoever was held up too long does not send it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.program import program
from tests.worker.dashscope_scene import KEY, PENDING, job, model
from tests.worker.wire import Wire, answer, refused_port
from worker.connection import open_http
from worker.providers.dashscope import DashScope
from worker.providers.port import Accepted, NotSent


def received(listener: socket.socket, into: list[bytes]) -> threading.Thread:
    """Reads everything one connection brings until it ends."""

    def read() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            while part := connection.recv(65536):
                into.append(part)
        into.append(b"<end>")

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def test_not_one_byte_leaves_and_the_connection_is_closed(
    connect: Callable[..., DashScope],
) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = received(listener, heard)
        client = connect(f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1")
        found = client.submit(job(), model(), may_send=lambda: False)
        reader.join(10)
    assert isinstance(found, NotSent)
    assert "held up" in found.reason
    assert heard == [b"<end>"]


def test_held_up_between_head_and_body_it_is_no_order(
    connect: Callable[..., DashScope],
) -> None:
    heard: list[bytes] = []
    answers = iter([True, False])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = received(listener, heard)
        client = connect(f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1")
        found = client.submit(job(), model(), may_send=lambda: next(answers))
        reader.join(10)
    assert isinstance(found, NotSent)
    head, _, body = b"".join(heard).removesuffix(b"<end>").partition(b"\r\n\r\n")
    assert b"Content-Length: " in head
    assert body == b""


def test_it_is_asked_once_connected_and_before_anything_arrived(
    server: Wire, client: DashScope
) -> None:
    server.plays(answer(200, PENDING), answer(200, PENDING))
    seen: list[int] = []

    def may_send() -> bool:
        seen.append(len(server.heard))
        return True

    for _ in range(2):  # on a new connection, and on one used before
        assert client.submit(job(), model(), may_send=may_send) == Accepted("13b1848b")
    assert seen == [0, 0, 1, 1]  # before the head and before the body of each


def test_it_is_not_asked_where_no_connection_comes_about(
    connect: Callable[..., DashScope],
) -> None:
    asked: list[bool] = []
    client = connect(f"http://127.0.0.1:{refused_port()}/api/v1")

    def may_send() -> bool:
        asked.append(True)
        return True

    assert isinstance(client.submit(job(), model(), may_send=may_send), NotSent)
    assert asked == []


def test_orders_withheld_on_open_connections_leave_the_client_usable(
    server: Wire, connect: Callable[..., DashScope]
) -> None:
    server.plays(*[answer(200, PENDING)] * 6)
    client = connect(f"{server.url}/api/v1", pool=2.0)  # one connection only
    for _ in range(6):
        assert client.submit(job(), model()) == Accepted("13b1848b")
        assert isinstance(client.submit(job(), model(), may_send=lambda: False), NotSent)
    assert len(server.heard) == 6


def test_it_is_asked_after_the_handshake(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    shaken = threading.Event()
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as secure:
            shaken.set()
            heard.append(secure.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        trust = ssl.create_default_context(cafile=str(certificate))
        http = httpx2.Client(verify=trust, trust_env=False)
        client = DashScope(f"https://127.0.0.1:{listener.getsockname()[1]}/api/v1", KEY, http)
        found = client.submit(job(), model(), may_send=lambda: not shaken.wait(5))
        thread.join(10)
        client.close()
    assert isinstance(found, NotSent)
    assert "held up" in found.reason
    assert heard == [b""]


def test_through_a_proxy_nothing_reaches_even_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = received(listener, heard)
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        with open_http(2) as http:
            client = DashScope("http://example.invalid/api/v1", KEY, http)
            found = client.submit(job(), model(), may_send=lambda: False)
        reader.join(10)
    assert isinstance(found, NotSent)
    assert heard == [b"<end>"]
