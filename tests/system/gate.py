"""A gate between a worker and a server: while it is shut, no connection gets through."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Gate:
    """Passes bytes on to a server as long as it is open. Use as a context manager."""

    def __init__(self, url: str) -> None:
        goal = urlsplit(url)
        self._goal = (goal.hostname or "", goal.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.refused = 0
        self._open = True
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._threads = [threading.Thread(target=self._accept, name="gate")]
        self._threads[0].start()

    def shut(self) -> None:
        """Cut what is connected, and everything that comes."""
        with self._lock:
            self._open = False
            for pair in self._pairs:
                for side in pair:
                    with contextlib.suppress(OSError):
                        side.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        with self._lock:
            self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shut()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if not self._open:
                    self.refused += 1
                    client.close()
                    continue
                pair = (client, socket.create_connection(self._goal))
                self._pairs.add(pair)
            thread = threading.Thread(target=self._pass_both_ways, args=pair, name="gate")
            self._threads.append(thread)
            thread.start()

    def _pass_both_ways(self, client: socket.socket, server: socket.socket) -> None:
        answers = threading.Thread(target=_pass_on, args=(server, client), name="gate")
        answers.start()
        _pass_on(client, server)
        answers.join()
        with self._lock:
            self._pairs.discard((client, server))
        client.close()
        server.close()


def _pass_on(source: socket.socket, goal: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            goal.sendall(data)
    for side in (source, goal):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
