"""Manifests behind web addresses: read whole or refused, and never from our own network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from producer.errors import ManifestError, ProducerError
from producer.exit_codes import ExitCode
from producer.web_manifest import ManifestHosts, NotThere, OutOfReach, WebReader
from schemas.clock import SystemClock
from storage.guard import read_address
from tests.http_server import QuietHandler, serving

BODY = b"sku,prompt\nA,a cat\n" * 100


LEADS_ON = {
    "/hop": "night.csv",
    "/circle": "/circle",
    "/inside": "http://169.254.169.254/latest/meta-data/",
    "/file": "file:///etc/passwd",
}


class Handler(QuietHandler):
    """A shop's export, and what may go wrong with one."""

    def do_GET(self) -> None:  # noqa: N802 - the library calls it so
        path, _, query = self.path.partition("?")
        match path:
            case "/night.csv":
                self.answer(200 if query in ("", "sig=right") else 403, BODY)
            case "/nowhere":
                self.answer(302, b"")
            case "/busy":
                self.answer(503, b"")
            case "/short":
                self._begin(len(BODY) + 10)
                self.wfile.write(BODY)
            case "/endless":
                self._begin(1 << 40)
                with suppress(OSError):  # whoever reads has had enough
                    for _ in range(64):
                        self.wfile.write(b"x" * 65536)
            case _ if path in LEADS_ON:
                self._lead_on(LEADS_ON[path])
            case _:
                self.answer(404, b"")

    def _begin(self, size_bytes: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(size_bytes))
        self.end_headers()
        self.close_connection = True

    def _lead_on(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with serving(Handler) as url:
        yield url


class StepClock(SystemClock):
    """Each look at it is a while later."""

    def __init__(self, step_s: float) -> None:
        super().__init__()
        self._step_s, self._now_s = step_s, 0.0

    def monotonic_s(self) -> float:
        self._now_s += self._step_s
        return self._now_s


Read = Callable[..., bytes]


@pytest.fixture
def read(shop: str, tmp_path: Path) -> Read:
    """What a reader to whom the shop is an own host finds."""

    def fetch(path: str, *, own: bool = True, size: int = 1 << 20, step_s: float = 0.0) -> bytes:
        hosts = ManifestHosts([shop.removeprefix("http://")] if own else [])
        reader = WebReader(hosts, StepClock(step_s), size_limit_bytes=size, duration_limit_s=30)
        try:
            reader.read(path if "://" in path else shop + path, tmp_path / "manifest")
        finally:
            reader.close()
        return (tmp_path / "manifest").read_bytes()

    return fetch


@pytest.mark.parametrize("path", ["/night.csv", "/hop", "/night.csv?sig=right"])
def test_a_manifest_is_read_whole(read: Read, path: str) -> None:
    assert read(path) == BODY


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/gone.csv", NotThere, "HTTP 404"),
        ("/busy", OutOfReach, "HTTP 503"),
        ("/short", OutOfReach, "/short"),
        ("/nowhere", OutOfReach, "leads on to nowhere"),
        ("/night.csv?sig=wrong", ManifestError, "its signature may have expired"),
        ("/circle", ManifestError, "more than 3 further addresses"),
        ("/inside", ManifestError, "169.254.169.254"),
        ("/file", ManifestError, "cannot be read safely"),
    ],
)
def test_what_goes_wrong_is_told_and_says_whether_to_try_again(
    read: Read, path: str, kind: type[ProducerError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        read(path)
    assert type(caught.value) is kind
    assert "sig=" not in str(caught.value)


def test_more_than_the_limit_is_not_read(read: Read, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="more than 100,000 bytes"):
        read("/endless", size=100_000)
    assert (tmp_path / "manifest").stat().st_size <= 100_000


def test_a_host_that_drips_is_given_up(read: Read) -> None:
    with pytest.raises(OutOfReach, match="ReadTimeout"):
        read("/endless", size=1 << 30, step_s=20)


def test_our_own_network_is_asked_only_where_the_settings_say_so(read: Read) -> None:
    with pytest.raises(ManifestError, match=r"own_hosts") as caught:
        read("/night.csv", own=False)
    assert caught.value.exit_code == ExitCode.MANIFEST


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x.csv",
        "https://localhost/x.csv",
        "https://10.0.0.1/x.csv",
        "https://[::1]/x.csv",
        "https://[::ffff:169.254.169.254]/x",
        "https://169.254.169.254/latest",
        "https://2130706433/x.csv",
    ],
)
def test_no_private_address_is_connected_to(read: Read, url: str) -> None:
    with pytest.raises(ManifestError, match="no public address"):
        read(url, own=False)


@pytest.mark.parametrize(
    "url", ["https://user:word@shop.example/x", "https://shop.example/春.csv", "https://a b/x"]
)
def test_an_address_with_two_ways_to_read_it_is_none(read: Read, url: str) -> None:
    with pytest.raises(ManifestError, match="cannot be read safely") as caught:
        read(url)
    assert "word" not in str(caught.value)


def test_an_own_host_may_have_a_port() -> None:
    hosts = ManifestHosts(["erp.internal", "box.lan:8443"])
    for url, allowed in (
        ("http://erp.internal:81/x", True),
        ("http://box.lan:8443/x", True),
        ("http://box.lan/x", False),
        ("http://shop.example/x", False),
    ):
        address = read_address(url)
        assert address is not None
        if allowed:
            assert hosts.for_one(address).admits_address(address.host, "10.0.0.1")
            assert not hosts.for_one(address).admits_address(address.host, "169.254.169.254")
        else:
            with pytest.raises(ManifestError, match="https://"):
                hosts.for_one(address)
