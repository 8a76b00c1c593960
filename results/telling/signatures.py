"""Signatures by which a receiver knows who sent a notice."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_PREFIX = "whsec_"


def standard_signature(secret: str, id_: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` of Standard Webhooks (specification, "Signature scheme", symmetric).

    HMAC-SHA256 over `id.timestamp.body`; a secret that begins with `whsec_` is the key in base64.
    """
    signed = f"{id_}.{timestamp_s}.".encode() + body
    return f"v1,{_base64(_hmac(_key(secret), signed))}"


def dingtalk_signature(secret: str, timestamp_ms: int) -> str:
    """The `sign` of a DingTalk robot, before it is quoted for the address.

    HMAC-SHA256 of `timestamp\\nsecret` under the secret (DingTalk open platform: security settings of
    custom robots); it is good for an hour.
    """
    return _base64(_hmac(secret.encode(), f"{timestamp_ms}\n{secret}".encode()))


def feishu_signature(secret: str, timestamp_s: int) -> str:
    """The `sign` of a Feishu or Lark bot: HMAC-SHA256 of nothing, under `timestamp\\nsecret`.

    That is how it is (Feishu open platform: custom bot usage guide, signature verification); it is
    good for an hour.
    """
    return _base64(_hmac(f"{timestamp_s}\n{secret}".encode(), b""))


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass  # a secret of one's own that happens to begin so
    return secret.encode()


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
