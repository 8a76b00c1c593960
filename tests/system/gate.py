"""A gate between a worker and a server: while it is shut, no connection gets through."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

Pair = tuple[socket.socket, socket.socket]


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
        self._pairs: set[Pair] = set()
        self._awaited: tuple[bytes, Literal["request", "answer"]] | None = None
        self._doomed: set[Pair] = set()
        self.cuts = 0
        self._threads = [threading.Thread(target=self._accept, name="gate")]
        self._threads[0].start()

    def shut(self) -> None:
        """Cut what is connected, and everything that comes."""
        with self._lock:
            self._open = False
            for pair in self._pairs:
                _sever(pair)

    def open(self) -> None:
        with self._lock:
            self._open = True

    def cut(self, words: str, at: Literal["request", "answer"]) -> None:
        """Cut the one connection that brings these words next, before they pass or before their
        answer does."""
        with self._lock:
            self._awaited = (words.encode(), at)

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
                try:
                    server = socket.create_connection(self._goal) if self._open else None
                except OSError:
                    server = None
                if server is None:
                    self.refused += 1
                    client.close()
                    continue
                pair = (client, server)
                self._pairs.add(pair)
            thread = threading.Thread(target=self._pass_both_ways, args=pair, name="gate")
            self._threads.append(thread)
            thread.start()

    def _pass_both_ways(self, client: socket.socket, server: socket.socket) -> None:
        pair = (client, server)
        answers = threading.Thread(target=self._pass_answers, args=(pair,), name="gate")
        answers.start()
        with contextlib.suppress(OSError):
            while (data := client.recv(65536)) and self._lets_pass(data, pair):
                server.sendall(data)
        _sever(pair)
        answers.join()
        with self._lock:
            self._pairs.discard(pair)
            self._doomed.discard(pair)
        client.close()
        server.close()

    def _lets_pass(self, data: bytes, pair: Pair) -> bool:
        with self._lock:
            if self._awaited is None or self._awaited[0] not in data:
                return True
            _, at = self._awaited
            self._awaited = None
            self.cuts += 1
            self._doomed.add(pair)
            return at == "answer"

    def _pass_answers(self, pair: Pair) -> None:
        client, server = pair
        with contextlib.suppress(OSError):
            while (data := server.recv(65536)) and pair not in self._doomed:
                client.sendall(data)
        _sever(pair)


def _sever(pair: Pair) -> None:
    for side in pair:
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
