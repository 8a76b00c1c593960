"""A manifest behind an address of the web: read with limits, and never from our own network.

Whoever may order may name any address, and what reads it stands within the mill's network. So only
https is asked, only public addresses are (each redirect is judged anew), and nothing of ours is sent
along. Hosts of our own network are asked where the settings name them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

import httpx2

from producer.errors import ManifestError, ProducerError
from producer.exit_codes import ExitCode
from schemas.clock import Clock
from schemas.network import bare, is_a_neighbour, is_public
from storage.guard import (
    NO_PROXY,
    Address,
    Deadline,
    Untrusted,
    guarded_request,
    read_address,
)

SIZE_LIMIT_BYTES = 512 * 1024 * 1024
"""As it comes, packed or not: a million rows with long prompts."""
DURATION_LIMIT_S = 600.0
"""From the first request to the last byte."""
REDIRECTS = 3
_TIMEOUT = httpx2.Timeout(connect=5.0, read=60.0, write=60.0, pool=5.0)
_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_TRANSIENT = frozenset({408, 425, 429})
_SCHEME_PORTS = {"http": 80, "https": 443}


class NotThere(ManifestError):
    """Nothing lies at a manifest's address; later there may."""


class OutOfReach(ProducerError):
    """What holds a manifest does not answer as it should; later it may."""

    exit_code = ExitCode.UNREACHABLE


class ManifestHosts:
    """Which hosts a manifest may be read from."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        """`own`: hosts of our own network, with or without a port."""
        self._own = frozenset(own)

    def is_own(self, host: str, port: int | None) -> bool:
        """Whether the settings name it."""
        return host in self._own or (port is not None and f"{host}:{port}" in self._own)

    def for_one(self, address: Address) -> OneHost:
        """What holds for the host of an address. Raises ManifestError where it may not be asked."""
        port = address.port or _SCHEME_PORTS[address.scheme]
        own = self.is_own(address.host, port)
        if address.scheme != "https" and not own:
            raise ManifestError(
                f"{address.shown} is no https:// address, and {address.host} is none of"
                " [manifests] own_hosts in imagemill.toml"
            )
        return OneHost(own=own)


class OneHost:
    """Where one host may be reached."""

    def __init__(self, *, own: bool) -> None:
        self._own = own

    def admits_address(self, host: str, address: str) -> bool:  # noqa: ARG002 - the guard passes it
        """Whether it is public, or of our own network where the settings name the host."""
        try:
            found = bare(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        return is_public(found) or (self._own and is_a_neighbour(found))


class WebReader:
    """Reads manifests; for one thread at a time."""

    def __init__(
        self,
        hosts: ManifestHosts,
        clock: Clock,
        *,
        size_limit_bytes: int = SIZE_LIMIT_BYTES,
        duration_limit_s: float = DURATION_LIMIT_S,
    ) -> None:
        self._hosts = hosts
        self._size_limit_bytes = size_limit_bytes
        self._duration_limit_s = duration_limit_s
        self._deadline = Deadline(clock)
        self._http = httpx2.Client(
            timeout=_TIMEOUT,
            mounts=NO_PROXY,
            follow_redirects=False,
            http2=False,
        )

    def read(self, url: str, path: Path) -> None:
        """Write what lies at `url` into a file.

        Raises NotThere and OutOfReach, after which it may be tried again, else ManifestError.
        """
        self._deadline.begin(self._duration_limit_s)
        for _ in range(REDIRECTS + 1):
            address = _address(url)
            target = self._try(address, path)
            if target is None:
                return
            url = urljoin(
                f"{address.scheme}://{address.host}:{_port(address)}{address.target}", target
            )
        raise ManifestError(f"{address.shown} leads to more than {REDIRECTS} further addresses")

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _try(self, address: Address, path: Path) -> str | None:
        """Where it leads on, or None when the file is written."""
        host = self._hosts.for_one(address)
        request = guarded_request(self._http, address, host, self._deadline)
        try:
            response = self._http.send(request, stream=True)
            try:
                if response.status_code in _REDIRECTED:
                    return _redirection(response, address)
                _check(response.status_code, address)
                with path.open("wb") as file:
                    self._receive(response, address, file)
            finally:
                response.close()
        except httpx2.HTTPError as error:
            # Others' words may hold the address with its query; a connection's are the system's.
            words = f" ({error})" if isinstance(error, httpx2.ConnectError) else ""
            raise OutOfReach(
                f"{address.shown} cannot be read: {type(error).__name__}{words}"
            ) from error
        except Untrusted as error:
            raise ManifestError(
                f"{address.shown} is not read: {error}. A host of your own network is read where"
                " [manifests] own_hosts in imagemill.toml names it"
            ) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise ManifestError(f"{address.shown} names no host") from error
        return None

    def _receive(self, response: httpx2.Response, address: Address, file: BinaryIO) -> None:
        limit_bytes, announced = self._size_limit_bytes, response.headers.get("content-length", "")
        size_bytes = 0
        for part in response.iter_raw():
            size_bytes += len(part)
            if size_bytes > limit_bytes:
                raise ManifestError(f"{address.shown} has more than {limit_bytes:,} bytes")
            file.write(part)
        if announced.isdecimal() and int(announced) != size_bytes:
            raise OutOfReach(f"{address.shown}: {size_bytes:,} bytes came of {int(announced):,}")


def _address(url: str) -> Address:
    address = read_address(url)
    if address is None:
        shown = url.partition("?")[0].rpartition("@")[2]
        raise ManifestError(
            f"{shown} cannot be read safely as an address: it may have no user name, no blank and"
            " only ASCII; write other letters as %E5%95%86"
        )
    return address


def _port(address: Address) -> int:
    return address.port or _SCHEME_PORTS[address.scheme]


def _redirection(response: httpx2.Response, address: Address) -> str:
    target = response.headers.get("location", "")
    if not target:
        raise OutOfReach(f"{address.shown} leads on to nowhere (HTTP {response.status_code})")
    return target


def _check(status: int, address: Address) -> None:
    if status == 200:
        return
    words = f"{address.shown}: HTTP {status}"
    if status in _GONE:
        raise NotThere(f"{words}; nothing lies there")
    if 400 <= status < 500 and status not in _TRANSIENT:
        hint = "; its signature may have expired" if status in (401, 403) else ""
        raise ManifestError(f"{words}{hint}")
    raise OutOfReach(words)
