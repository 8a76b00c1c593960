"""Connections to addresses that somebody else wrote: where they may lead, and for how long.

Names are resolved and checked when a connection is opened, and the peer's address is checked again
before the first byte leaves, so a name that changes between the two (DNS rebinding) gains nothing.
Through a proxy it is the proxy that resolves and connects; then the host's name alone is checked.

A host may also drip: every read ends at the exchange's own deadline, the status line and the headers
included, since a timeout for each read alone would let one byte a minute hold a thread for ever.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from schemas.clock import Clock

# Stricter than any URL library: no user information, no backslash, no blanks, ASCII only, so that
# there is only one way to read it.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?P<target>[/?][\x21-\x22\x24-\x5b\x5d-\x7e]*)?",
    re.ASCII,
)
NO_PROXY: dict[str, None] = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))
"""A client's mounts: proxies come from the environment, but never for this machine itself."""

_NEW_STREAM = ("connect_tcp.complete", "start_tls.complete")


class Hosts(Protocol):
    """Which hosts may be reached, and where."""

    def admits_address(self, host: str, address: str) -> bool:
        """Whether `host` may be reached at `address`, so that no name leads into our network."""
        ...


class Untrusted(Exception):
    """A connection led, or would lead, where it may not."""


@dataclass(frozen=True)
class Address:
    """An address, taken apart once."""

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


class Deadline:
    """When the exchange that this thread is busy with must be over.

    A connection outlives its exchange and serves another thread's next, hence one for each thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._own = threading.local()

    def begin(self, duration_s: float) -> None:
        """This thread begins an exchange."""
        self._own.deadline_s = self._clock.monotonic_s() + duration_s

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Look at one step that the HTTP library reports: a new connection keeps the deadline."""
        if event.endswith(_NEW_STREAM):
            self._hurry(info["return_value"])

    def _hurry(self, stream: Any) -> None:
        """Let no read of a connection wait longer than its reader has time."""
        read: Callable[[int, float | None], bytes] = stream.read

        def read_in_time(max_bytes: int, timeout: float | None = None) -> bytes:
            left_s = self._own.deadline_s - self._clock.monotonic_s()
            if left_s <= 0:
                raise httpx2.ReadTimeout("too slow")
            return read(max_bytes, left_s if timeout is None else min(timeout, left_s))

        # The library counts each read by itself, and tells of a connection only here.
        stream.read = read_in_time


class Guard:
    """Checks where a request's connection leads, as the HTTP library reports its steps."""

    def __init__(self, host: str, hosts: Hosts, deadline: Deadline) -> None:
        self._host = host
        self._hosts = hosts
        self._deadline = deadline
        self._direct = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Look at one step. Raises Untrusted."""
        if event == "connection.connect_tcp.started":
            self._direct = info["host"] == self._host
            if self._direct:
                self._check_name(info["port"])
        elif event == "connection.connect_tcp.complete" and self._direct:
            self._check_peer(info["return_value"])
        self._deadline.watch(event, info)

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
        except Untrusted:
            stream.close()
            raise

    def _check(self, ip: str) -> None:
        if not self._hosts.admits_address(self._host, ip):
            raise Untrusted(f"the name leads to {ip}, which is no public address")


def guarded_request(
    http: httpx2.Client, address: Address, hosts: Hosts, deadline: Deadline
) -> httpx2.Request:
    """What asks for an address just as it was written, and says nothing of us."""
    return http.build_request(
        "GET",
        # Without the query, which the client would log, and spell its own way.
        httpx2.URL(scheme=address.scheme, host=address.host, port=address.port, path="/"),
        headers={"Accept-Encoding": "identity", "User-Agent": "imagemill"},
        extensions={
            "target": address.target.encode("ascii"),
            "trace": Guard(address.name, hosts, deadline),
        },
    )


def read_address(url: str) -> Address | None:
    """The address in `url`; None where there could be two ways to read it."""
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    target = match["target"] or "/"
    if (port is not None and not 0 < port < 65536) or "%" in match["host"]:
        return None
    if target.startswith("?"):
        target = f"/{target}"
    return Address(match["scheme"], match["host"].lower(), port, target)
