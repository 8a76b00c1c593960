"""Signatures of notices: as the specifications have them."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from results.telling.signatures import dingtalk_signature, feishu_signature, standard_signature
from tests.receiver import hmac_sha256


def test_the_example_of_standard_webhooks() -> None:
    found = standard_signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(key=st.binary(min_size=1, max_size=100), body=st.binary(max_size=200))
def test_any_key_and_body(key: bytes, body: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    expected = base64.b64encode(hmac_sha256(key, b"evt_1.12." + body)).decode()
    assert standard_signature(secret, "evt_1", 12, body) == f"v1,{expected}"


def test_a_secret_of_ones_own_is_the_key_itself() -> None:
    for secret in ("a secret", "密钥", "whsec_of my own!"):
        expected = base64.b64encode(hmac_sha256(secret.encode(), b"evt_1.12.{}")).decode()
        assert standard_signature(secret, "evt_1", 12, b"{}") == f"v1,{expected}"


def test_dingtalk_signs_the_time_under_the_secret() -> None:
    expected = hmac_sha256(b"this is secret", b"1732240000000\nthis is secret")
    assert (
        dingtalk_signature("this is secret", 1732240000000) == base64.b64encode(expected).decode()
    )


def test_feishu_signs_nothing_under_time_and_secret() -> None:
    expected = hmac_sha256(b"1732240000\nthis is secret", b"")
    assert feishu_signature("this is secret", 1732240000) == base64.b64encode(expected).decode()
