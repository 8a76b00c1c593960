"""Downloading a provider's pictures: byte for byte the signed address, and only from its hosts.

An address comes from an answer, so it is not trusted: its host must end like the provider's, and
whatever that name resolves to must lie outside our own network, unless it is the very server the
settings name. Names are resolved and checked when
a connection is opened, and the peer's address is checked again before the first byte leaves, so a
name that changes between the two (DNS rebinding) gains nothing. Through a proxy it is the proxy that
resolves and connects; then the host's name alone is checked.

A host may also drip: every read of a download ends at the download's own deadline, the status line
and the headers included, since a timeout for each read alone would let one byte a minute hold a
thread for ever.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs

import httpx2

from schemas.clock import Clock
from worker.connection import explain
from worker.policy.hosts import PictureHosts

Kind = Literal["expired", "gone", "transient", "forbidden", "too_large"]

# Stricter than any URL library: no user information, no backslash, no blanks, ASCII only, so that
# there is only one way to read it.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?P<target>[/?][\x21-\x22\x24-\x5b\x5d-\x7e]*)?",
    re.ASCII,
)
_WORDS_LIMIT_BYTES = 4096
_NEW_STREAM = ("connect_tcp.complete", "start_tls.complete")
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Fetched:
    """A picture's bytes, as many as the host announced; not yet known to be a picture."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class FetchFailed:
    """Why a picture did not come.

    expired: the address no longer works, a fresh one may. gone: nothing is there. transient: worth
    another try. forbidden: the host refuses, or we refuse the address. too_large: beyond our limit.
    """

    kind: Kind
    reason: str
    """For people; names the address without its query."""


@dataclass(frozen=True)
class FetchLimits:
    """What one download may take."""

    size_bytes: int = 64 * 1024 * 1024
    duration_s: float = 600.0
    """From the request to the last byte: a host that drips would hold a thread for ever."""


class _Untrusted(Exception):
    """A connection led, or would lead, where pictures cannot lie."""


@dataclass(frozen=True)
class _Address:
    """A picture's address, taken apart once."""

    scheme: str
    host: str
    port: int | None
    target: str
    """Path and query as they were signed."""

    @property
    def shown(self) -> str:
        """Without the query, which holds the signature."""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}{self.target.partition('?')[0]}"

    @property
    def name(self) -> str:
        """The host as the connection knows it."""
        return self.host.strip("[]")


class Fetcher:
    """Downloads pictures; shared by many threads."""

    def __init__(
        self,
        http: httpx2.Client,
        hosts: PictureHosts,
        clock: Clock,
        limits: FetchLimits | None = None,
    ) -> None:
        """`http` is ours to close, and must not be one that knows the provider's key or cookies."""
        self._http = http
        self._hosts = hosts
        self._clock = clock
        self._limits = limits or FetchLimits()
        self._deadline = _Deadline(clock)

    def fetch(self, url: str) -> Fetched | FetchFailed:
        """Download one picture. Never raises for what the address, network or host does."""
        address = _read(url)
        if address is None:
            return FetchFailed("forbidden", "the provider sent an address we cannot read safely")
        if not self._admits(address):
            return FetchFailed("forbidden", f"{address.shown}: not one of the provider's hosts")
        self._deadline.begin(self._limits.duration_s)
        try:
            response = self._http.send(self._request(address), stream=True, follow_redirects=False)
            try:
                return self._receive(response, address)
            finally:
                response.close()
        except httpx2.HTTPError as error:
            return FetchFailed("transient", f"{address.shown}: {explain(error)}")
        except _Untrusted as error:
            return FetchFailed("forbidden", f"{address.shown}: {error}")
        except (httpx2.InvalidURL, UnicodeError):  # a name that no resolver may be asked for
            return FetchFailed("forbidden", f"{address.shown}: no name of a host")

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _request(self, address: _Address) -> httpx2.Request:
        return self._http.build_request(
            "GET",
            # Without the query, which the client would log, and spell its own way.
            httpx2.URL(scheme=address.scheme, host=address.host, port=address.port, path="/"),
            headers={"Accept-Encoding": "identity", "User-Agent": "imagemill"},
            extensions={
                "target": address.target.encode("ascii"),
                "trace": _Guard(address.name, self._hosts, self._deadline),
            },
        )

    def _admits(self, address: _Address) -> bool:
        hosts, name = self._hosts, address.name
        return hosts.admits(name) and hosts.admits_port(name, address.scheme, address.port)

    def _receive(self, response: httpx2.Response, address: _Address) -> Fetched | FetchFailed:
        if response.status_code != 200:
            return self._refused(response, address)
        announced = response.headers.get("content-length", "")
        limit_bytes = self._limits.size_bytes
        if announced.isdecimal() and int(announced) > limit_bytes:
            return FetchFailed("too_large", f"{address.shown}: {announced} bytes announced")
        data = bytearray()
        for part in response.iter_raw():
            data += part
            if len(data) > limit_bytes:
                return FetchFailed("too_large", f"{address.shown}: more than {limit_bytes} bytes")
        if not data or (announced.isdecimal() and len(data) != int(announced)):
            words = f"{len(data)} bytes came of {announced or 'an unknown number'}"
            return FetchFailed("transient", f"{address.shown}: {words}")
        return Fetched(bytes(data))

    def _refused(self, response: httpx2.Response, address: _Address) -> FetchFailed:
        status = response.status_code
        reason = f"{address.shown}: HTTP {status}"
        if status == 403:
            late = b"expired" in _beginning(response) or _is_past(address, self._clock.now())
            return FetchFailed("expired" if late else "forbidden", reason)
        if status in (404, 410):
            return FetchFailed("gone", reason)
        if 300 <= status < 400:
            return FetchFailed("forbidden", f"{reason}: redirects are not followed")
        if 400 <= status < 500 and status not in _TRANSIENT:
            return FetchFailed("forbidden", reason)
        return FetchFailed("transient", reason)


class _Deadline:
    """When the download that this thread is busy with must be over.

    A connection outlives its download and serves another thread's next, hence one for each thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._own = threading.local()

    def begin(self, duration_s: float) -> None:
        """This thread begins a download."""
        self._own.deadline_s = self._clock.monotonic_s() + duration_s

    def keep(self, stream: Any) -> None:
        """Let no read of a new connection wait longer than its reader has time."""
        read: Callable[[int, float | None], bytes] = stream.read

        def read_in_time(max_bytes: int, timeout: float | None = None) -> bytes:
            left_s = self._own.deadline_s - self._clock.monotonic_s()
            if left_s <= 0:
                raise httpx2.ReadTimeout("too slow")
            return read(max_bytes, left_s if timeout is None else min(timeout, left_s))

        # The library counts each read by itself, and tells of a connection only here.
        stream.read = read_in_time


class _Guard:
    """Checks where a request's connection leads, as the HTTP library reports its steps."""

    def __init__(self, host: str, hosts: PictureHosts, deadline: _Deadline) -> None:
        self._host = host
        self._hosts = hosts
        self._deadline = deadline
        self._direct = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self._direct = info["host"] == self._host
            if self._direct:
                self._check_name(info["port"])
        elif event == "connection.connect_tcp.complete" and self._direct:
            self._check_peer(info["return_value"])
        if event.endswith(_NEW_STREAM):
            self._deadline.keep(info["return_value"])

    def _check_name(self, port: int) -> None:
        try:
            found = socket.getaddrinfo(self._host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return  # connecting fails in the same way, and says so
        for entry in found:
            self._check(str(entry[4][0]))

    def _check_peer(self, stream: Any) -> None:
        peer = stream.get_extra_info("server_addr")
        try:
            self._check(str(peer[0]))
        except _Untrusted:
            stream.close()
            raise

    def _check(self, ip: str) -> None:
        if not self._hosts.admits_address(self._host, ip):
            raise _Untrusted(f"the name leads to {ip}, which is no public address")


def _read(url: str) -> _Address | None:
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    target = match["target"] or "/"
    if (port is not None and not 0 < port < 65536) or "%" in match["host"]:
        return None
    if target.startswith("?"):
        target = f"/{target}"
    return _Address(match["scheme"], match["host"].lower(), port, target)


def _beginning(response: httpx2.Response) -> bytes:
    """The first words of an error page; a host that breaks off there said what it could."""
    words = bytearray()
    try:
        for part in response.iter_raw():
            words += part
            if len(words) >= _WORDS_LIMIT_BYTES:
                break
    except httpx2.HTTPError:
        pass
    return bytes(words[:_WORDS_LIMIT_BYTES])


def _is_past(address: _Address, now: datetime) -> bool:
    moment = parse_qs(address.target.partition("?")[2]).get("Expires", [""])[0]
    return moment.isdecimal() and float(moment) < now.timestamp()
