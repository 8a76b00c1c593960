"""Downloading a provider's pictures: byte for byte the signed address, and only from its hosts.

An address comes from an answer, so it is not trusted: its host must end like the provider's, and
whatever that name resolves to must lie outside our own network, unless it is the very server the
settings name. storage/guard.py sees to it, and ends downloads that drip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qs

import httpx2

from schemas.clock import Clock
from storage.guard import Address, Deadline, Untrusted, guarded_request, read_address
from worker.connection import explain
from worker.policy.hosts import PictureHosts
from worker.policy.retrying import DownloadFault

_WORDS_LIMIT_BYTES = 4096
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Fetched:
    """A picture's bytes, as many as the host announced; not yet known to be a picture."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class FetchFailed:
    """Why a picture did not come."""

    kind: DownloadFault
    reason: str
    """For people; names the address without its query."""


@dataclass(frozen=True)
class FetchLimits:
    """What one download may take."""

    size_bytes: int = 64 * 1024 * 1024
    duration_s: float = 600.0
    """From the request to the last byte: a host that drips would hold a thread for ever."""


class Fetches(Protocol):
    """Downloads pictures; shared by many threads."""

    def fetch(self, url: str) -> Fetched | FetchFailed:
        """Download one picture. Never raises for what the address, network or host does."""
        ...


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
        self._deadline = Deadline(clock)

    def fetch(self, url: str) -> Fetched | FetchFailed:
        """Download one picture. Never raises for what the address, network or host does."""
        address = read_address(url)
        if address is None:
            return FetchFailed(
                DownloadFault.FORBIDDEN, "the provider sent an address we cannot read safely"
            )
        if not self._admits(address):
            return FetchFailed(
                DownloadFault.FORBIDDEN, f"{address.shown}: not one of the provider's hosts"
            )
        self._deadline.begin(self._limits.duration_s)
        try:
            request = guarded_request(self._http, address, self._hosts, self._deadline)
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                return self._receive(response, address)
            finally:
                response.close()
        except httpx2.HTTPError as error:
            return FetchFailed(DownloadFault.TRANSIENT, f"{address.shown}: {explain(error)}")
        except Untrusted as error:
            return FetchFailed(DownloadFault.FORBIDDEN, f"{address.shown}: {error}")
        except (httpx2.InvalidURL, UnicodeError):  # a name that no resolver may be asked for
            return FetchFailed(DownloadFault.FORBIDDEN, f"{address.shown}: no name of a host")

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _admits(self, address: Address) -> bool:
        hosts, name = self._hosts, address.name
        return hosts.admits(name) and hosts.admits_port(name, address.scheme, address.port)

    def _receive(self, response: httpx2.Response, address: Address) -> Fetched | FetchFailed:
        if response.status_code != 200:
            return self._refused(response, address)
        announced = response.headers.get("content-length", "")
        limit_bytes = self._limits.size_bytes
        if announced.isdecimal() and int(announced) > limit_bytes:
            return FetchFailed(
                DownloadFault.TOO_LARGE, f"{address.shown}: {announced} bytes announced"
            )
        data = bytearray()
        for part in response.iter_raw():
            data += part
            if len(data) > limit_bytes:
                return FetchFailed(
                    DownloadFault.TOO_LARGE, f"{address.shown}: more than {limit_bytes} bytes"
                )
        if not data or (announced.isdecimal() and len(data) != int(announced)):
            words = f"{len(data)} bytes came of {announced or 'an unknown number'}"
            return FetchFailed(DownloadFault.TRANSIENT, f"{address.shown}: {words}")
        return Fetched(bytes(data))

    def _refused(self, response: httpx2.Response, address: Address) -> FetchFailed:
        status = response.status_code
        reason = f"{address.shown}: HTTP {status}"
        if status == 403:
            late = b"expired" in _beginning(response) or _is_past(address, self._clock.now())
            return FetchFailed(DownloadFault.EXPIRED if late else DownloadFault.FORBIDDEN, reason)
        if status in (404, 410):
            return FetchFailed(DownloadFault.GONE, reason)
        if 300 <= status < 400:
            return FetchFailed(DownloadFault.FORBIDDEN, f"{reason}: redirects are not followed")
        if 400 <= status < 500 and status not in _TRANSIENT:
            return FetchFailed(DownloadFault.FORBIDDEN, reason)
        return FetchFailed(DownloadFault.TRANSIENT, reason)


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


def _is_past(address: Address, now: datetime) -> bool:
    moment = parse_qs(address.target.partition("?")[2]).get("Expires", [""])[0]
    return moment.isdecimal() and float(moment) < now.timestamp()
