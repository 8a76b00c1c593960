"""Signed result URLs as OSS makes them: HMAC-SHA1 over path and expiry, compared byte for byte."""

from __future__ import annotations

import base64
import hmac
import re
from enum import Enum
from urllib.parse import quote

_ACCESS_KEY_ID = "LTAI5tStandInSimulator"
_EXPIRES = re.compile(rb"(?:^|&)Expires=(\d{1,15})(?:&|$)")


class Verdict(Enum):
    """What a check of a signed URL found."""

    GOOD = "the signature is ours and has not expired"
    UNSIGNED = "no expiry and no signature were given"
    MISMATCH = "the query string is not byte for byte the one we signed"
    EXPIRED = "the signature is ours, but its time is over"


class UrlSigner:
    """Signs and checks result URLs with one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def query(self, path: str, expires_s: int) -> str:
        """The query string that opens `path` until the epoch second `expires_s`."""
        to_sign = f"GET\n\n\n{expires_s}\n{path}".encode()
        # SHA-1 has 20 bytes, so the base64 text always ends in "=", which is written %3D:
        # a client that decodes and encodes the URL anew is found out.
        signature = base64.b64encode(hmac.digest(self._key, to_sign, "sha1")).decode()
        signed = quote(signature, safe="")
        return f"Expires={expires_s}&OSSAccessKeyId={_ACCESS_KEY_ID}&Signature={signed}"

    def stamp(self, text: str) -> str:
        """32 hexadecimal digits nobody else can write below that text."""
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:32]

    def check(self, path: str, raw_query: bytes, now_s: float) -> Verdict:
        """Compare the query string as it came over the wire with the one we would sign."""
        found = _EXPIRES.search(raw_query)
        if found is None:
            return Verdict.MISMATCH if b"Signature=" in raw_query else Verdict.UNSIGNED
        expires_s = int(found[1])
        if not hmac.compare_digest(raw_query, self.query(path, expires_s).encode()):
            return Verdict.MISMATCH
        return Verdict.EXPIRED if now_s >= expires_s else Verdict.GOOD
