"""Which hosts and addresses a picture may be fetched from."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_FAKE_IP = ipaddress.IPv4Network("198.18.0.0/15")
"""What tunnelling proxies on desktops (Clash, Surge) answer for every public name."""


@dataclass(frozen=True)
class PictureHosts:
    """Where one account's pictures may lie."""

    suffixes: tuple[str, ...]
    """Endings of the provider's host names, each beginning with a dot."""
    loopback: bool = False
    """Whether this machine itself counts: the account's base URL is loopback (a simulator)."""

    def admits(self, host: str) -> bool:
        """Whether `host` (a name or an address, lower case) may be asked for a picture."""
        if is_loopback_host(host):
            return self.loopback
        return any(host.endswith(suffix) and len(host) > len(suffix) for suffix in self.suffixes)

    def admits_address(self, host: str, address: str) -> bool:
        """Whether `host` may be reached at `address`, so that no name leads into our network."""
        try:
            found = _bare(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if is_loopback_host(host):
            return self.loopback and found.is_loopback
        return _is_public(found)


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
    # is_global alone says no to 100.64.0.0/10, where cloud machines find their own credentials.
    return address.is_global and not address.is_multicast
