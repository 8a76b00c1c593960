"""bce-auth-v1, against the vendor's own example and what the vendor's SDK computes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from worker.providers.qianfan_signature import KeyPair, Signed, authorization, bce_date

KEYS = KeyPair("a" * 32, "b" * 32)
MOMENT = datetime(2015, 4, 27, 8, 23, 49, tzinfo=UTC)
EXAMPLE_HEADERS = {
    "Host": "bj.bcebos.com",
    "Content-Type": "text/plain",
    "Content-Length": "8",
    "Content-Md5": "NFzcPqhviddjRNnSOGo4rw==",
    "x-bce-date": "2015-04-27T08:23:49Z",
}
SIGNED_NAMES = "content-length;content-md5;content-type;host;x-bce-date"
ORDER_HEADERS = {
    "Host": "aip.baidubce.com",
    "Content-Type": "application/json",
    "x-bce-date": "2026-11-20T00:00:00Z",
}
ORDER_PATH = "/rpc/2.0/ai_custom/v1/wenxinworkshop/text2image/sd_xl"
ORDER_PREFIX = f"bce-auth-v1/{KEYS.access}/2026-11-20T00:00:00Z/1800/content-type;host;x-bce-date"


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        (
            {"partNumber": "9", "uploadId": "a44cc9bab11cbd156984767aad637851"},
            "d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e",
        ),
        ({}, "0558aac491bbef484d3aaa30ac1e65d4ff10daccd351f15c91e922ee4ce72690"),
    ],
)
def test_the_vendors_example_is_signed_as_its_document_says(
    query: dict[str, str], signature: str
) -> None:
    signed = Signed("PUT", "/v1/test/myfolder/readme.txt", query, EXAMPLE_HEADERS)
    prefix = f"bce-auth-v1/{'a' * 32}/2015-04-27T08:23:49Z/1800"
    assert authorization(KEYS, signed, MOMENT) == f"{prefix}/{SIGNED_NAMES}/{signature}"


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ({}, "d224d2e8e8d3b33ba5c08726531c1ab8bdb7c404700a6a979e125a06e5b39e88"),
        (
            {"a b": "测试", "x": ""},
            "0b4f15e37351126e335443109d2fd706c244a084ddbab2e5317554c2d24899c4",
        ),
    ],
)
def test_an_order_is_signed_as_the_vendors_sdk_signs_it(
    query: dict[str, str], signature: str
) -> None:
    """Computed with bce-python-sdk 0.9.79, which qianfan 0.4.12.3 signs with."""
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    signed = Signed("POST", ORDER_PATH, query, ORDER_HEADERS)
    assert authorization(KEYS, signed, moment) == f"{ORDER_PREFIX}/{signature}"


def test_the_date_is_utc_whatever_zone_the_moment_is_told_in() -> None:
    beijing = MOMENT.astimezone(timezone(timedelta(hours=8)))
    assert bce_date(beijing) == "2015-04-27T08:23:49Z"


def test_an_empty_header_is_not_signed() -> None:
    signed = Signed("GET", "/", {}, {"host": "h", "x-bce-date": "d", "content-md5": " "})
    assert "/host;x-bce-date/" in authorization(KEYS, signed, MOMENT)


def test_the_order_of_headers_and_parameters_does_not_matter() -> None:
    one = Signed("POST", "/a", {"x": "1", "y": "2"}, {"host": "h", "x-bce-date": "d"})
    two = Signed("post", "/a", {"y": "2", "x": "1"}, {"X-Bce-Date": "d", "HOST": " h "})
    assert authorization(KEYS, one, MOMENT) == authorization(KEYS, two, MOMENT)


def test_a_pair_of_keys_never_shows_its_secret() -> None:
    assert KEYS.secret not in repr(KEYS)
