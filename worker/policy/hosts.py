"""Which hosts and addresses a picture may be fetched from."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from schemas.network import bare, is_a_neighbour, is_loopback_host, is_public

_SCHEME_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class OwnHost:
    """The server an account's orders go to, which may serve their pictures itself."""

    name: str
    """A name or an address, lower case, without brackets."""
    port: int | None = None
    """None: its scheme's own."""
    private: bool = False
    """Whether it may lie in our own network: whoever runs the mill named it in the settings."""


@dataclass(frozen=True)
class PictureHosts:
    """Where one account's pictures may lie."""

    suffixes: tuple[str, ...]
    """Endings of the provider's host names, each beginning with a dot; without one it is a host's
    whole name."""
    loopback: bool = False
    """Whether this machine itself counts: the account's base URL is loopback (a simulator)."""
    own: OwnHost | None = None

    def admits(self, host: str) -> bool:
        """Whether `host` (a name or an address, lower case) may be asked for a picture."""
        if is_loopback_host(host):
            return self.loopback
        return self._is_own(host) or any(_ends(host, suffix) for suffix in self.suffixes)

    def admits_port(self, host: str, scheme: str, port: int | None) -> bool:
        """Whether that port of an admitted host may be asked; None: its scheme's own."""
        if is_loopback_host(host) or port in (None, _SCHEME_PORTS[scheme]):
            return True
        return self.own is not None and self._is_own(host) and port == self.own.port

    def admits_address(self, host: str, address: str) -> bool:
        """Whether `host` may be reached at `address`, so that no name leads into our network."""
        try:
            found = bare(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if is_loopback_host(host):
            return self.loopback and found.is_loopback
        if self.own is not None and self.own.private and self._is_own(host):
            return is_public(found) or is_a_neighbour(found)
        return is_public(found)

    def _is_own(self, host: str) -> bool:
        return self.own is not None and host == self.own.name


def _ends(host: str, suffix: str) -> bool:
    if not suffix.startswith("."):
        return bool(suffix) and host == suffix.lower()
    return len(suffix) > 1 and host.endswith(suffix.lower()) and len(host) > len(suffix)
