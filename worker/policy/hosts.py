"""Which hosts and addresses a picture may be fetched from."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

_SCHEME_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_CREDENTIALS = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
"""Where cloud machines find their own credentials: Amazon and most others, Alibaba, Oracle."""
_SHARED = ipaddress.IPv4Network("100.64.0.0/10")
"""What carriers and private overlays (Tailscale) number their machines with."""
_FAKE_IP = ipaddress.IPv4Network("198.18.0.0/15")
"""What tunnelling proxies on desktops (Clash, Surge) answer for every public name."""


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
            found = _bare(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if is_loopback_host(host):
            return self.loopback and found.is_loopback
        if self.own is not None and self.own.private and self._is_own(host):
            return _is_public(found) or _is_a_neighbour(found)
        return _is_public(found)

    def _is_own(self, host: str) -> bool:
        return self.own is not None and host == self.own.name


def _ends(host: str, suffix: str) -> bool:
    if not suffix.startswith("."):
        return bool(suffix) and host == suffix.lower()
    return len(suffix) > 1 and host.endswith(suffix.lower()) and len(host) > len(suffix)


def is_loopback_host(host: str) -> bool:
    """Whether a host is this machine by name or by address."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return _bare(ipaddress.ip_address(name)).is_loopback
    except ValueError:
        return False


def _bare(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address) and address in _FAKE_IP:
        return True
    # is_global alone says no to 100.64.0.0/10, and yes to some that no router passes on.
    return address.is_global and not address.is_multicast and address not in _CREDENTIALS


def _is_a_neighbour(address: Address) -> bool:
    """Whether a machine of our own network may have this address."""
    if address in _CREDENTIALS or address.is_link_local or address.is_multicast:
        return False
    if address.is_unspecified or address.is_reserved:
        return False
    shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return address.is_private or shared
