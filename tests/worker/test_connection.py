from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.worker.wire import answer, wire
from worker.connection import FATES, Fate, explain, fate, open_http


def family(root: type[httpx2.HTTPError]) -> Iterator[type[httpx2.HTTPError]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def test_every_exception_of_the_http_library_has_a_fate() -> None:
    ours = {found for found in family(httpx2.HTTPError) if found.__module__.startswith("httpx2")}
    assert ours == set(FATES)


def test_an_exception_nobody_has_told_us_of_is_read_in_the_careful_way() -> None:
    class Novel(httpx2.ConnectError):
        pass

    assert fate(Novel("new")) is Fate.UNANSWERED


def test_an_explanation_never_quotes_a_header() -> None:
    words = explain(httpx2.LocalProtocolError("Illegal header value b'Bearer sk-secret\\n'"))
    assert "secret" not in words


def test_this_machine_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with wire() as server, open_http(2) as http:
        server.plays(answer(200, b"here"))
        assert http.get(server.url).content == b"here"


def test_other_machines_are_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire() as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("http_proxy", server.url)
        server.plays(answer(200, b"by proxy"))
        with open_http(2) as http:
            assert http.get("http://example.invalid/x").content == b"by proxy"
        assert server.heard[0].target == "http://example.invalid/x"
