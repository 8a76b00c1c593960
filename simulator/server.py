"""The ASGI application and the process around it: where everything is wired."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from simulator.control import Control
from simulator.dashscope import DashScope
from simulator.dialect import Dialect
from simulator.downloads import Downloads
from simulator.exchange import Exchange, HangUpProtocol
from simulator.openai import OpenAI
from simulator.provider import Provider
from simulator.qianfan import Qianfan
from simulator.qianfan_v2 import QianfanV2
from simulator.stability import Stability


class Application:
    """Hands vendors' requests to their dialect and the rest to the control endpoints.

    The dialects are plain ASGI: routing and request objects would cost more than their work does.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._dialects: tuple[Dialect, ...] = (
            DashScope(provider),
            Downloads(provider),
            Qianfan(provider),
            QianfanV2(provider),
            Stability(provider),
            OpenAI(provider),
        )
        self._control = Starlette(routes=Control(provider).routes(), lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and count it."""
        if scope["type"] == "http":
            for dialect in self._dialects:
                if scope["path"].startswith(dialect.prefixes):
                    exchange = Exchange(scope, receive, send)
                    try:
                        await dialect.serve(exchange)
                    finally:
                        self._provider.ledger.count(exchange.endpoint, exchange.outcome)
                    return
        await self._control(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        self._provider.close()


class _AnnouncingServer(uvicorn.Server):
    """Says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(
    provider: Provider,
    listener: socket.socket,
    ready: Callable[[], None],
    with_parent: bool = False,
) -> None:
    """Serve on a bound socket until SIGTERM or SIGINT (or, `with_parent`, until stdin closes)."""
    config = uvicorn.Config(
        Application(provider),
        http=HangUpProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        # Longer than any client keeps an idle connection: closing it just as the client sends
        # would look like a lost answer that nobody scripted.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = _AnnouncingServer(config, ready)
    # uvicorn raises the signal anew once it has shut down; ending well is exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    if with_parent:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _end_with_stdin(server: uvicorn.Server) -> None:
    # Not sys.stdin.read: its lock, held by this thread at the end, would abort the interpreter.
    with contextlib.suppress(OSError):  # no standard input at all is a closed one
        while os.read(0, 4096):
            continue
    server.should_exit = True
