"""Where a process's metrics are read over HTTP."""

from __future__ import annotations

import logging
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

log = logging.getLogger(__name__)


class NoEndpoint(Exception):
    """The port cannot be listened on; the message says which, why, and what to do."""


class Endpoint:
    """Answers whoever asks for the metrics, in a thread of its own."""

    def __init__(self, server: WSGIServer, thread: Thread) -> None:
        self._server = server
        self._thread = thread

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def open_endpoint(registry: CollectorRegistry, listen: str, port: int) -> Endpoint:
    """Answer from now on. Raises NoEndpoint."""
    try:
        server, thread = start_http_server(port, listen, registry)
    except (OSError, OverflowError) as error:
        raise NoEndpoint(
            f"Metrics cannot be read at {listen}:{port}: {error}. Each worker process of a machine"
            " needs a port of its own: set IMAGEMILL_METRICS__PORT, or 0 for any free one."
        ) from error
    endpoint = Endpoint(server, thread)
    log.info("metrics.listening", extra={"listen": listen, "port": endpoint.port})
    return endpoint
