"""How a picture that goes in reaches its provider: by an address, or inside the request."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from enum import IntEnum, StrEnum
from urllib.parse import urlsplit

DATA_LIMIT_BYTES = 10_000_000
"""Of a picture inside a request, where its rule names no limit: what most providers take (Model
Studio: wan2.6, image; Ark: Seedream 4, image)."""
PICTURE_LIMIT_BYTES = 50_000_000
"""Of any picture that goes in: more than any provider takes, and what one thread holds at a time."""

_NEARBY_ENDINGS = (".local", ".internal", ".lan", ".home.arpa", ".svc", "-internal.aliyuncs.com")
"""Of names that no public resolver knows, or that lead into one cloud's own network (OSS: internal
endpoints)."""


class Way(StrEnum):
    """How a provider is given a picture."""

    ADDRESS = "address"
    """It fetches the picture itself."""
    DATA = "data"
    """The picture's bytes are in the request: as a data URI, or as a file of a multipart one."""


class Reach(IntEnum):
    """From where a host can be asked; whoever sits further out reaches less."""

    HERE = 0
    NEARBY = 1
    EVERYWHERE = 2


class NoWay(ValueError):
    """The provider cannot be given the picture; the message reads on from its name."""


def way_of_object(taken_as: Collection[str], signed_at: str | None, provider_url: str) -> Way:
    """How a provider gets an object of a storage, whose addresses lie at `signed_at`.

    None there: a directory, which has no addresses. Raises NoWay naming the setting to change.
    """
    by_address = "url" in taken_as
    if by_address and signed_at is not None and reaches(provider_url, signed_at):
        return Way.ADDRESS
    if "data" in taken_as or "bytes" in taken_as:
        return Way.DATA
    if signed_at is None:
        raise NoWay(
            "cannot be handed over: the provider fetches this picture by its address, and a"
            " directory gives it none. Set IMAGEMILL_STORAGE_URL=s3://bucket/prefix (or --out), or"
            " write a public URL"
        )
    raise NoWay(
        f"cannot be handed over: the provider cannot fetch from {origin(signed_at)}. Set"
        " IMAGEMILL_S3_ENDPOINT_URL to an address it can reach, or write a public URL"
    )


def way_of_url(taken_as: Collection[str], url: str, provider_url: str) -> Way:
    """How a provider gets what lies at a URL. Raises NoWay for one it cannot reach."""
    if not reaches(provider_url, url):
        raise NoWay(
            f"cannot be handed over: the provider cannot fetch from {origin(url)}, which is no"
            " public address. Write a public URL, a local path or s3://bucket/key"
        )
    return Way.ADDRESS if "url" in taken_as else Way.DATA


def reaches(who: str, what: str) -> bool:
    """Whether the host of one URL can be expected to reach the host of another."""
    return reach_of(what) >= reach_of(who)


def reach_of(url: str) -> Reach:
    """From where a URL's host can be asked, as far as its name tells; nothing is looked up."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return Reach.HERE
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _reach_of_name(host)
    if address.is_loopback or address.is_unspecified:
        return Reach.HERE
    return Reach.EVERYWHERE if address.is_global else Reach.NEARBY


def origin(url: str) -> str:
    """A URL without what may be secret in it: its scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _reach_of_name(host: str) -> Reach:
    if not host or host == "localhost" or host.endswith(".localhost"):
        return Reach.HERE
    # A name without a dot is one of the own network, such as a container's.
    nearby = "." not in host or host.endswith(_NEARBY_ENDINGS)
    return Reach.NEARBY if nearby else Reach.EVERYWHERE
