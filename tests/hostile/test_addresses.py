"""Addresses of pictures that lead, or pretend to lead, somewhere else than to the provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.clock import SystemClock
from storage.guard import read_address
from tests.worker.wire import Wire, answer, wire
from worker.connection import open_http
from worker.fetching import Fetched, Fetcher, FetchFailed
from worker.policy.hosts import PictureHosts

SUFFIX = ".aliyuncs.com"
BUCKET = f"dashscope-result-bj.oss-cn-beijing{SUFFIX}"
METADATA = "169.254.169.254"
OURS = [
    "127.0.0.1",
    "10.0.0.8",
    "172.16.5.5",
    "192.168.1.1",
    METADATA,
    "100.100.100.200",
    "0.0.0.0",
]


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as opened:
        yield opened


@pytest.fixture
def elsewhere() -> Iterator[Wire]:
    """A server that must never hear anything."""
    with wire() as opened:
        yield opened
        assert opened.heard == []


@pytest.fixture
def make() -> Iterator[Callable[[PictureHosts], Fetcher]]:
    opened: list[Fetcher] = []

    def open_fetcher(hosts: PictureHosts) -> Fetcher:
        opened.append(Fetcher(open_http(2), hosts, SystemClock()))
        return opened[-1]

    yield open_fetcher
    for fetcher in opened:
        fetcher.close()


def spellings(address: str) -> list[str]:
    """One IPv4 address in the ways a resolver understands."""
    number = int(ip_address(address))
    parts = [int(part) for part in address.split(".")]
    return [
        address,
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(f"0{part:o}" for part in parts),
        ".".join(hex(part) for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
        f"{address}.",
    ]


@pytest.mark.parametrize("address", OURS)
def test_no_spelling_of_our_own_network_is_asked(
    make: Callable[[PictureHosts], Fetcher], address: str
) -> None:
    fetcher = make(PictureHosts((SUFFIX,)))
    for host in [*spellings(address), "[::1]", "[fe80::1]", "[fd00:ec2::254]"]:
        for scheme in ("http", "https"):
            assert_forbidden(fetcher.fetch(f"{scheme}://{host}/latest/meta-data/"))


@pytest.mark.parametrize("address", OURS)
def test_a_name_that_resolves_into_our_network_is_never_connected_to(
    make: Callable[[PictureHosts], Fetcher], elsewhere: Wire, address: str
) -> None:
    """Numbers are names that every resolver turns into any address we like."""
    port = urlsplit(elsewhere.url).port
    for name in spellings(address)[1:7]:
        fetcher = make(PictureHosts((name,)))
        found = fetcher.fetch(f"http://{name}/a.png")
        assert_forbidden(found)
        assert isinstance(found, FetchFailed)
        assert "no public address" in found.reason or "no name of a host" in found.reason
        assert_forbidden(fetcher.fetch(f"http://{name}:{port}/a.png"))


@pytest.mark.parametrize(
    "url",
    [
        "https://user:word@{bucket}/a.png",
        "https://{bucket}@{metadata}/",
        "https://{bucket}:443@{metadata}/",
        "https://{metadata}\\@{bucket}/",
        "https://{metadata}#@{bucket}/",
        "https://{metadata}/?@{bucket}/",
        "https://{metadata}%2f@{bucket}/",
        "https://{metadata}%00.{bucket}/",
        "https://{metadata} .{bucket}/",
        "https://{metadata}\t.{bucket}/",
        "https://{metadata}\n.{bucket}/",
        "https:/{bucket}/a.png",
        "https:{bucket}/a.png",
        "https:////{bucket}/a.png",
        "https://{bucket}:22/a.png",
        "https://{bucket}:80/a.png",
        "http://{bucket}:443/a.png",
        "https://{bucket}:/a.png",
        "https://{bucket}:443443/a.png",
        "https://{bucket}:٤٤٣/a.png",
        "https://ｄashscope{suffix}/a.png",
        "https://dashscope。aliyuncs。com/a.png",
        "https://x.aliyuncs.cоm/a.png",
        "https://x.aliyuncs.com\u200b/a.png",
        "https://①②⑦.⓪.⓪.①/a.png",
        "https://xn--80ak6aa92e.com/a.png",
        "https://{bucket}.evil.test/a.png",
        "https://evil{bucket}.test#{suffix}",
        "https://evil.test/{bucket}",
        "https://evil.test?{suffix}",
        "gopher://{bucket}/_a",
        "file://{bucket}/etc/passwd",
        "jar:https://{bucket}/a!/b",
        "\u0000https://{bucket}/a.png",
        "https://{bucket}/a.png HTTP/1.1\r\nHost: {metadata}\r\n\r\nGET /",
    ],
)
def test_tricks_with_addresses(make: Callable[[PictureHosts], Fetcher], url: str) -> None:
    trick = url.format(bucket=BUCKET, metadata=METADATA, suffix=SUFFIX)
    assert_forbidden(make(PictureHosts((SUFFIX,))).fetch(trick))


@pytest.mark.parametrize(
    "host",
    ["a..b", ".", "-", "xn--", "xn--a", "xn--a" * 20, "x" * 64, "x" * 300, "a_b", "1" * 4000],
)
def test_a_name_no_resolver_takes_is_a_failed_download_like_others(
    make: Callable[[PictureHosts], Fetcher], host: str
) -> None:
    found = make(PictureHosts((".invalid",))).fetch(f"https://{host}.invalid/a.png")
    assert isinstance(found, FetchFailed)
    assert found.kind in ("forbidden", "transient")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    [
        "{elsewhere}/a.png",
        f"http://{METADATA}/latest/meta-data/",
        f"https://{BUCKET}/a.png",
        "file:///etc/passwd",
        "//{metadata}/",
        "\\\\host\\share",
    ],
)
def test_a_redirect_is_a_refusal(
    make: Callable[[PictureHosts], Fetcher],
    server: Wire,
    elsewhere: Wire,
    status: int,
    target: str,
) -> None:
    location = target.format(elsewhere=elsewhere.url, metadata=METADATA)
    server.plays(answer(status, b"", Location=location, Refresh=f"0; url={location}"))
    found = make(PictureHosts((), loopback=True)).fetch(f"{server.url}/a.png")
    assert_forbidden(found)
    assert len(server.heard) == 1


def test_a_simulator_on_this_machine_opens_no_way_to_the_network(
    make: Callable[[PictureHosts], Fetcher],
) -> None:
    fetcher = make(PictureHosts((SUFFIX,), loopback=True))
    for address in OURS[1:]:
        assert_forbidden(fetcher.fetch(f"http://{address}/a.png"))


HOSTS = st.one_of(
    st.sampled_from([BUCKET, METADATA, "localhost", "[::1]", "127.1"]),
    st.text(st.sampled_from("abz019.-_@:/\\#?%[]ａ。\u0000\r\n\t ①"), max_size=20),
)
URLS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTPS://", "http:", "//", "ftp://", "http:\\\\"]),
    HOSTS,
    st.sampled_from(["", SUFFIX, f"@{BUCKET}", f".{BUCKET}", f"#{SUFFIX}", f"\\{SUFFIX}"]),
    st.text(st.sampled_from("/?&=%#:@\\.ab1 \r\n\u2028猫"), max_size=12),
)


@given(URLS)
@example(f"https://{BUCKET}/a%20b.png?Signature=a%2Bb")
@example(f"http://a{SUFFIX}:80?x")
def test_what_is_read_can_be_read_in_one_way_only(url: str) -> None:
    """Other libraries, the one that connects among them, see the same host as we do."""
    address = read_address(url)
    if address is None:
        return
    split = urlsplit(url)
    assert split.hostname == address.name
    assert split.port == address.port
    assert split.username is None
    with suppress(httpx2.InvalidURL):
        asked = httpx2.URL(scheme=address.scheme, host=address.host, port=address.port, path="/")
        assert asked.host == address.name
    assert not set(address.target) & set("\r\n\t #\\")
    assert address.target.isascii()
    assert address.shown.partition("?")[0] == address.shown


def assert_forbidden(found: Fetched | FetchFailed) -> None:
    assert isinstance(found, FetchFailed)
    assert found.kind == "forbidden", found
