from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tests.worker.wire import (
    Play,
    Wire,
    answer,
    drop,
    drop_midway,
    endless,
    refused_port,
)
from worker.connection import open_http
from worker.fetching import Fetched, Fetcher, FetchFailed, FetchLimits
from worker.policy.hosts import PictureHosts

SUFFIXES = (".aliyuncs.com",)
BUCKET = "dashscope-result-bj.oss-cn-beijing.aliyuncs.com"
TARGET = "/1d/58/a%20b.png?Expires=9999999999&OSSAccessKeyId=LTAI&Signature=a%2Bb%2Fc%3D"
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>"
ALTERED = b"<Error><Code>SignatureDoesNotMatch</Code></Error>"


@dataclass
class StepClock:
    """Each look at it finds `step_s` gone by."""

    step_s: float = 0.0
    passed_s: float = field(default=0.0)

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    def monotonic_s(self) -> float:
        self.passed_s += self.step_s
        return self.passed_s

    def sleep(self, _wait_s: float) -> None:
        raise AssertionError("nothing sleeps here")


@pytest.fixture
def make() -> Iterator[Callable[..., Fetcher]]:
    opened: list[Fetcher] = []

    def make_fetcher(
        hosts: PictureHosts, limits: FetchLimits | None = None, step_s: float = 0.0
    ) -> Fetcher:
        opened.append(Fetcher(open_http(2), hosts, StepClock(step_s), limits))
        return opened[-1]

    yield make_fetcher
    for fetcher in opened:
        fetcher.close()


@pytest.fixture
def local(make: Callable[..., Fetcher]) -> Fetcher:
    """As for an account whose base URL is a simulator on this machine."""
    return make(PictureHosts(SUFFIXES, loopback=True))


@pytest.fixture
def strict(make: Callable[..., Fetcher]) -> Fetcher:
    """As for the provider itself."""
    return make(PictureHosts(SUFFIXES))


@pytest.mark.parametrize(
    "target",
    [
        TARGET,
        "/a.png?Signature=x%2bY%2Fz%3d%3D&b=%7E~'()*!$,;:@|{}[]^`\"<>",
        "/a/../b/./c//d.png?e=%2E%2E",
        "/%E7%8C%AB.png?x=1+2&x=%zz",
        "/?",
    ],
)
def test_the_address_is_sent_byte_for_byte(server: Wire, local: Fetcher, target: str) -> None:
    server.plays(answer(200, b"picture"))
    assert local.fetch(server.url + target) == Fetched(b"picture")
    assert server.heard[0].line == f"GET {target} HTTP/1.1"


def test_an_address_through_a_proxy_is_sent_byte_for_byte_too(
    server: Wire, make: Callable[..., Fetcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    server.plays(answer(200, b"picture"))
    fetcher = make(PictureHosts(SUFFIXES))
    assert fetcher.fetch(f"http://{BUCKET}{TARGET}") == Fetched(b"picture")
    assert server.heard[0].target == f"http://{BUCKET}{TARGET}"
    assert server.heard[0].headers["Host"] == BUCKET


def test_the_host_of_a_picture_gets_no_credentials(server: Wire, local: Fetcher) -> None:
    server.plays(answer(200, b"one", Set_Cookie="a=b"), answer(200, b"two"))
    local.fetch(server.url + TARGET)
    local.fetch(server.url + TARGET)
    for heard in server.heard:
        assert "Authorization" not in heard.headers


def test_a_signature_is_neither_logged_nor_told(
    server: Wire, local: Fetcher, caplog: pytest.LogCaptureFixture
) -> None:
    server.plays(answer(200, b"x"), answer(404, b""), drop)
    with caplog.at_level(logging.INFO):
        local.fetch(server.url + TARGET)
        failures = [local.fetch(server.url + TARGET) for _ in range(2)]
    assert "Signature" not in caplog.text
    for failed in failures:
        assert isinstance(failed, FetchFailed)
        assert f"{server.url}/1d/58/a%20b.png" in failed.reason
        assert "Signature" not in failed.reason


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (answer(403, EXPIRED), "expired"),
        (answer(403, ALTERED), "forbidden"),
        (answer(400, b""), "forbidden"),
        (answer(404, b""), "gone"),
        (answer(410, b""), "gone"),
        (answer(429, b""), "transient"),
        (answer(408, b""), "transient"),
        (answer(500, b""), "transient"),
        (answer(503, b""), "transient"),
        (answer(200, b""), "transient"),
        (answer(204, b""), "transient"),
        (answer(301, b"", Location="http://127.0.0.1:1/"), "forbidden"),
        (answer(302, b"", Location="https://example.com/"), "forbidden"),
        (drop, "transient"),
        (drop_midway, "transient"),
    ],
)
def test_failure(server: Wire, local: Fetcher, play: Play, kind: str) -> None:
    server.plays(play)
    found = local.fetch(server.url + TARGET)
    assert isinstance(found, FetchFailed)
    assert found.kind == kind
    assert len(server.heard) == 1


def test_a_refusal_after_the_named_moment_means_expired(server: Wire, local: Fetcher) -> None:
    server.plays(answer(403, ALTERED))
    found = local.fetch(f"{server.url}/a.png?Expires=1000000000")
    assert isinstance(found, FetchFailed)
    assert found.kind == "expired"


def test_where_nobody_listens_trying_again_may_help(local: Fetcher) -> None:
    found = local.fetch(f"http://127.0.0.1:{refused_port()}/a.png")
    assert isinstance(found, FetchFailed)
    assert found.kind == "transient"


@pytest.mark.parametrize("play", [answer(200, b"x" * 2000), endless])
def test_more_than_the_limit_is_not_read(
    server: Wire, make: Callable[..., Fetcher], play: Play
) -> None:
    server.plays(play)
    fetcher = make(PictureHosts((), loopback=True), FetchLimits(size_bytes=1000))
    found = fetcher.fetch(server.url + TARGET)
    assert isinstance(found, FetchFailed)
    assert found.kind == "too_large"


def test_a_host_that_drips_is_left(server: Wire, make: Callable[..., Fetcher]) -> None:
    server.plays(endless)
    fetcher = make(PictureHosts((), loopback=True), FetchLimits(duration_s=30), step_s=20)
    found = fetcher.fetch(server.url + TARGET)
    assert isinstance(found, FetchFailed)
    assert found.kind == "transient"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://127.0.0.1:6379/",
        "http://127.1/",
        "http://0.0.0.0/",
        "http://10.0.0.8/a.png",
        "http://172.16.0.1/a.png",
        "http://192.168.1.1/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://[fe80::1%25eth0]/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://localhost/",
        "http://LOCALHOST/",
        "https://example.com/a.png",
        f"https://{BUCKET}.example.com/a.png",
        "https://evilaliyuncs.com/a.png",
        "https://.aliyuncs.com/a.png",
        f"https://{BUCKET}@127.0.0.1/",
        f"https://{BUCKET}:443@127.0.0.1/",
        f"https://user:word@{BUCKET}/a.png",
        f"https://127.0.0.1\\@{BUCKET}/",
        f"https://127.0.0.1#@{BUCKET}/",
        f"https://127.0.0.1?@{BUCKET}/",
        f"https://{BUCKET}:6379/a.png",
        f"https://{BUCKET}:0/a.png",
        f"https://{BUCKET}:99999/a.png",
        f"https://{BUCKET}/a.png#part",
        f"https://{BUCKET}/a b.png",
        f"https://{BUCKET}/a.png\r\nX-Evil: 1",
        f"https://{BUCKET}/猫.png",
        f"https://{BUCKET}。evil.com/a.png",
        f" https://{BUCKET}/a.png",
        f"ftp://{BUCKET}/a.png",
        f"file:///{BUCKET}",
        f"//{BUCKET}/a.png",
        "data:image/png;base64,AAAA",
        "",
    ],
)
def test_an_address_outside_the_provider_is_refused(strict: Fetcher, url: str) -> None:
    found = strict.fetch(url)
    assert isinstance(found, FetchFailed)
    assert found.kind == "forbidden"


@pytest.mark.parametrize(
    "url", ["http://10.0.0.8/a.png", "http://192.168.1.1/", "http://[fd00::1]/"]
)
def test_a_simulator_opens_this_machine_and_no_other(local: Fetcher, url: str) -> None:
    found = local.fetch(url)
    assert isinstance(found, FetchFailed)
    assert found.kind == "forbidden"


@dataclass(frozen=True)
class Poisoned(PictureHosts):
    """Takes every name for one of the provider's, as if the provider's DNS were in strange hands."""

    good_looks: int = 0
    looks: list[str] = field(default_factory=list)

    def admits(self, _host: str) -> bool:
        return True

    def admits_address(self, _host: str, address: str) -> bool:
        self.looks.append(address)
        return len(self.looks) <= self.good_looks or super().admits_address("x", address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433"])
def test_a_name_that_leads_into_our_network_is_refused_before_anything_is_sent(
    server: Wire, make: Callable[..., Fetcher], host: str
) -> None:
    found = make(Poisoned(SUFFIXES)).fetch(server.url.replace("127.0.0.1", host) + TARGET)
    assert isinstance(found, FetchFailed)
    assert found.kind == "forbidden"
    assert server.heard == []


def test_a_name_that_changes_after_its_lookup_is_refused_before_anything_is_sent(
    server: Wire, make: Callable[..., Fetcher]
) -> None:
    hosts = Poisoned(SUFFIXES, good_looks=1)
    found = make(hosts).fetch(server.url + TARGET)
    assert isinstance(found, FetchFailed)
    assert found.kind == "forbidden"
    assert hosts.looks == ["127.0.0.1", "127.0.0.1"]
    assert server.heard == []
