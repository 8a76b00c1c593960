"""Baidu AI Cloud's request signature, bce-auth-v1: an order without any token in its address.

Source: Baidu AI Cloud: authentication mechanism, generate authentication string.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

EXPIRY_S = 1800
"""How long a signature holds: the document's own default. The vendor's SDK takes 300 s, which a
clock a few minutes off would break."""


class KeyPair(NamedTuple):
    """An access key and its secret."""

    access: str
    secret: str

    def __repr__(self) -> str:
        """Never the secret."""
        return f"KeyPair({self.access[:6]}...)"


class Signed(NamedTuple):
    """What of a request is signed."""

    method: str
    path: str
    """As it is sent, before the question mark; not escaped yet."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """All of them are signed: host and x-bce-date must be among them."""


def bce_date(moment: datetime) -> str:
    """A moment as header x-bce-date wants it, in UTC and whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def authorization(keys: KeyPair, signed: Signed, moment: datetime, expiry_s: int = EXPIRY_S) -> str:
    """The Authorization header of a request that is sent at `moment` and holds for `expiry_s`."""
    prefix = f"bce-auth-v1/{keys.access}/{bce_date(moment)}/{expiry_s}"
    headers = {
        name.strip().lower(): value.strip()
        for name, value in signed.headers.items()
        if value.strip()
    }
    lines = (
        signed.method.upper(),
        quote(signed.path, safe="/"),
        _canonical_query(signed.query),
        "\n".join(sorted(f"{_escaped(name)}:{_escaped(value)}" for name, value in headers.items())),
    )
    signature = _hmac(_hmac(keys.secret, prefix), "\n".join(lines))
    return f"{prefix}/{';'.join(sorted(headers))}/{signature}"


def _canonical_query(query: Mapping[str, str]) -> str:
    pairs = (
        f"{_escaped(name)}={_escaped(value)}"
        for name, value in query.items()
        if name.lower() != "authorization"
    )
    return "&".join(sorted(pairs))


def _escaped(text: str) -> str:
    return quote(text, safe="")


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
