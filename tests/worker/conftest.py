"""A scripted provider, and clients that speak to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.worker.dashscope_scene import KEY
from tests.worker.wire import Wire, wire
from worker.connection import open_http
from worker.providers.dashscope import DashScope


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as opened:
        yield opened


@pytest.fixture
def connect() -> Iterator[Callable[..., DashScope]]:
    opened: list[DashScope] = []

    def open_client(base_url: str, key: str | None = KEY, **timeouts_s: float) -> DashScope:
        timeout = httpx2.Timeout(
            **{"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0} | timeouts_s
        )
        threads = 1 if "pool" in timeouts_s else 4
        opened.append(DashScope(base_url, key, open_http(threads, timeout)))
        return opened[-1]

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def client(server: Wire, connect: Callable[..., DashScope]) -> DashScope:
    return connect(f"{server.url}/api/v1")
