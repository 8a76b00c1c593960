"""TLS in front of a server that speaks none, with certificates of an authority of our own."""

from __future__ import annotations

import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.program import program


@dataclass
class TlsGate:
    """Where to connect, and what came through so far."""

    port: int
    authority: Path
    passed: list[bytes] = field(default_factory=list)


def make_authority(folder: Path, names: str = "DNS:localhost") -> Path:
    """A certificate and key of localhost that vouch for themselves; the certificate's path."""
    folder.mkdir()
    command = [
        *(program("openssl"), "req", "-x509", "-newkey", "ec"),
        *("-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(folder / "key.pem")),
        *("-out", str(folder / "cert.pem"), "-addext", f"subjectAltName={names}"),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "cert.pem"


@contextmanager
def tls_before(port: int, folder: Path) -> Iterator[TlsGate]:
    """A port of localhost that speaks TLS and passes everything on to `port`."""
    certificate = make_authority(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "key.pem")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as line:
                pass_on(line, gate)

    def pass_on(line: ssl.SSLSocket, gate: TlsGate) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            answers = threading.Thread(target=_copy, args=(server, line), daemon=True)
            answers.start()
            while data := line.recv(65536):
                gate.passed.append(data)
                server.sendall(data)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        gate = TlsGate(server.server_address[1], certificate)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gate
        finally:
            server.shutdown()
            thread.join()


def _copy(source: socket.socket, goal: ssl.SSLSocket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            goal.sendall(data)
