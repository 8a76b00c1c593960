"""Which network addresses lie outside of our own network, and which within."""

from __future__ import annotations

import ipaddress

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


def is_loopback_host(host: str) -> bool:
    """Whether a host is this machine by name or by address."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return bare(ipaddress.ip_address(name)).is_loopback
    except ValueError:
        return False


def bare(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Whether it is one of the internet's, and none that leads back into a machine's own cloud."""
    if isinstance(address, ipaddress.IPv4Address) and address in _FAKE_IP:
        return True
    # is_global alone says no to 100.64.0.0/10, and yes to some that no router passes on.
    return address.is_global and not address.is_multicast and address not in _CREDENTIALS


def is_a_neighbour(address: Address) -> bool:
    """Whether a machine of our own network may have this address."""
    if address in _CREDENTIALS or address.is_link_local or address.is_multicast:
        return False
    if address.is_unspecified or address.is_reserved:
        return False
    shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return address.is_private or shared
