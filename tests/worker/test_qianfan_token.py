"""Qianfan's access token: fetched once, shared, replaced once when refused; and signing instead."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ledger.errors import LedgerUnreachable
from ledger.opening import Ledger
from schemas.failure import ErrorClass
from tests.shared_token import ProcessToken
from tests.worker.qianfan_scene import (
    ACCESS,
    OAUTH_PATH,
    PATH,
    SECRET,
    TOKEN,
    FixedClock,
    b64,
    client,
    drawn,
    job,
    model,
    refused,
    token_answer,
)
from tests.worker.wire import Play, Wire, answer, drop, endless
from worker.providers.port import Done, NotSent, Refused, SharedToken
from worker.providers.qianfan_signature import KeyPair, Signed, authorization

GOOD = drawn({"b64_image": b64(), "index": 1})
FRESH = "24.fresh"


def submit(server: Wire, shared: SharedToken, **changes: Any) -> Any:
    opened = client(server.url, shared, **changes)
    found = opened.submit(job(), model())
    opened.close()
    return found


def told(server: Wire) -> list[str]:
    """What was asked, in order: `token`, or the token an order came with."""
    words = []
    for heard in server.heard:
        target = urlsplit(heard.target)
        query = parse_qs(target.query)
        words.append("token" if target.path == OAUTH_PATH else query["access_token"][0])
    return words


def test_the_token_is_asked_for_as_the_vendor_documents_it(server: Wire) -> None:
    server.plays(token_answer(), GOOD)
    assert isinstance(submit(server, ProcessToken()), Done)
    first, second = server.heard
    assert first.line.startswith("POST ")
    assert urlsplit(first.target).path == OAUTH_PATH
    assert parse_qs(urlsplit(first.target).query) == {
        "grant_type": ["client_credentials"],
        "client_id": [ACCESS],
        "client_secret": [SECRET],
    }
    assert urlsplit(second.target).path == PATH


def test_a_token_is_fetched_once_for_all_clients(server: Wire) -> None:
    shared = ProcessToken()
    server.plays(token_answer(), GOOD, GOOD)
    submit(server, shared)
    submit(server, shared)
    assert told(server) == ["token", TOKEN, TOKEN]


@pytest.mark.parametrize("code", [110, 111, "111"])
@pytest.mark.parametrize("status", [200, 401])
def test_a_refused_token_is_replaced_and_the_order_sent_again(
    server: Wire, code: int, status: int
) -> None:
    server.plays(token_answer(), refused(code, "Access token", status), token_answer(FRESH), GOOD)
    assert isinstance(submit(server, ProcessToken()), Done)
    assert told(server) == ["token", TOKEN, "token", FRESH]


def test_a_second_refusal_is_an_account_error(server: Wire) -> None:
    server.plays(token_answer(), refused(110), token_answer(FRESH), refused(111, "expired"), GOOD)
    found = submit(server, ProcessToken())
    assert isinstance(found, Refused)
    assert (found.failure.error_class, found.failure.code) == (ErrorClass.ACCOUNT, "111")
    assert told(server) == ["token", TOKEN, "token", FRESH]


def test_a_token_somebody_else_replaced_meanwhile_is_not_fetched_again(server: Wire) -> None:
    shared = ProcessToken()
    server.plays(token_answer(), GOOD)
    submit(server, shared)
    mark = str(shared.current()).partition(":")[0]

    def meanwhile(handler: BaseHTTPRequestHandler) -> None:
        shared.renew(f"{mark}:{FRESH}", 60)
        refused(110)(handler)

    server.plays(meanwhile, GOOD)
    assert isinstance(submit(server, shared), Done)
    assert told(server)[2:] == [TOKEN, FRESH]


def test_another_applications_token_is_not_used(server: Wire) -> None:
    """The operator has exchanged the key."""
    shared = ProcessToken()
    server.plays(token_answer(), GOOD, token_answer(FRESH), GOOD)
    submit(server, shared)
    submit(server, shared, keys=("ak-of-another", SECRET))
    assert told(server) == ["token", TOKEN, "token", FRESH]


@pytest.mark.parametrize(
    ("play", "meaning"),
    [
        (
            answer(401, {"error": "invalid_client", "error_description": "unknown client id"}),
            "unknown client id",
        ),
        (
            answer(200, {"error": "invalid_client", "error_description": f"bad {SECRET}"}),
            r"bad \.\.\.",
        ),
        (answer(404, b"<html>"), "refuses the key"),
        (answer(302, b"", Location="http://127.0.0.1:1/"), "refuses the key"),
    ],
)
def test_a_key_that_buys_no_token_stops_the_account(server: Wire, play: Play, meaning: str) -> None:
    server.plays(play)
    found = submit(server, ProcessToken())
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT
    assert re.search(meaning, found.failure.message)
    assert SECRET not in repr(found)
    assert told(server) == ["token"]


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(drop, id="dropped"),
        pytest.param(endless, id="huge"),
        pytest.param(answer(200, b"{]"), id="garbage"),
        pytest.param(answer(200, {"access_token": ""}), id="empty token"),
        pytest.param(answer(200, {"access_token": "a b\r\n"}), id="no token"),
        pytest.param(answer(503, {"error": "temporarily_unavailable"}), id="503"),
        pytest.param(answer(429, b""), id="429"),
    ],
)
@pytest.mark.parametrize("before", [[], [token_answer(), refused(110)]], ids=["none", "revoked"])
def test_without_a_token_nothing_was_ordered_and_the_next_one_tries(
    server: Wire, play: Play, before: list[Play]
) -> None:
    shared = ProcessToken()
    server.plays(*before, play)
    assert isinstance(submit(server, shared), NotSent)
    server.plays(*before[1:], token_answer(FRESH), GOOD)
    assert isinstance(submit(server, shared), Done)


def test_a_token_nobody_brings_is_not_awaited_for_ever(server: Wire) -> None:
    """Whoever fetches it has died: the order comes back, and nothing was sent."""
    shared = ProcessToken()
    assert shared.may_fetch(None)
    opened = client(server.url, shared, clock=Hurried())
    assert isinstance(opened.submit(job(), model()), NotSent)
    opened.close()
    assert server.heard == []


def test_a_ledger_that_does_not_answer_leaves_the_order_unsent(server: Wire) -> None:
    found = submit(server, Unreachable())
    assert isinstance(found, NotSent)
    assert server.heard == []


@pytest.mark.parametrize("kept", ["process", "ledger"])
def test_a_stampede_fetches_one_token(server: Wire, kept: str, session_ledger: Ledger) -> None:
    """Sixteen orders at once with a token the provider has revoked."""
    shared: SharedToken = ProcessToken()
    if kept == "ledger":
        session_ledger.client.flushall()
        shared = session_ledger.access_token("qianfan", "default")
    server.plays(token_answer("24.revoked"), GOOD)
    submit(server, shared)
    server.heard.clear()

    def play(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith(OAUTH_PATH):
            token_answer(FRESH)(handler)
        elif FRESH in handler.path:
            GOOD(handler)
        else:
            refused(111, "Access token expired")(handler)

    server.plays(*[play] * 40)
    opened = client(server.url, shared)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: opened.submit(job(), model()), range(16)))
    opened.close()
    assert all(isinstance(one, Done) for one in found)
    assert told(server).count("token") == 1
    assert told(server).count(FRESH) == 16


def test_a_signed_order_needs_no_token(server: Wire) -> None:
    server.plays(GOOD)
    opened = client(server.url, ProcessToken(), signs=True, clock=FixedClock())
    assert isinstance(opened.submit(job(), model()), Done)
    opened.close()
    (heard,) = server.heard
    headers = {name.lower(): value for name, value in heard.headers.items()}
    assert heard.target == PATH
    assert headers["x-bce-date"] == "2026-11-20T00:00:00Z"
    signed = Signed(
        "POST", PATH, {}, {name: headers[name] for name in ("host", "content-type", "x-bce-date")}
    )
    expected = authorization(KeyPair(ACCESS, SECRET), signed, FixedClock().now())
    assert headers["authorization"] == expected
    assert "/1800/content-type;host;x-bce-date/" in expected
    assert headers["host"] == server.url.removeprefix("http://")


def test_through_a_proxy_the_token_arrives_as_well(
    server: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    server.plays(token_answer(), GOOD)
    opened = client("http://qianfan.invalid/gateway", ProcessToken())
    assert isinstance(opened.submit(job(), model()), Done)
    opened.close()
    assert server.heard[0].target.startswith(f"http://qianfan.invalid/gateway{OAUTH_PATH}?grant")
    assert server.heard[1].target == f"http://qianfan.invalid/gateway{PATH}?access_token={TOKEN}"


@pytest.mark.parametrize("code", [14, 110, 111])
def test_a_refused_signature_is_an_account_error(server: Wire, code: int) -> None:
    server.plays(refused(code, "IAM Certification failed"))
    found = submit(server, ProcessToken(), signs=True)
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT
    assert len(server.heard) == 1


class Hurried(FixedClock):
    """A clock on which every sleep is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self._slept_s = 0.0

    def monotonic_s(self) -> float:
        return self._slept_s

    def sleep(self, wait_s: float) -> None:
        self._slept_s += wait_s


class Unreachable(ProcessToken):
    def current(self) -> str | None:
        raise LedgerUnreachable("away")
